/**
 * `npm run demo [-- --picture]`: keg's main job on examples/guestbook, from a fresh machine to the page that a reviewer sees.
 * It installs what it needs, and leaves only the engine behind. With `--picture` it redraws docs/demo.svg.
 */
import {randomBytes} from 'node:crypto'
import {cp, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {stripVTControlCharacters, styleText} from 'node:util'
import {picture} from './demo/picture.js'
import {build, installDependencies, repository} from './setup/dependencies.js'
import {requireEngine} from './setup/engine.js'
import {isolatedEnvironment} from './setup/environment.js'
import {makeBusyboxImage, requireBusybox} from './setup/image.js'
import {commandLine, run} from './setup/process.js'
import {requireRegistry, startRegistry} from './setup/registry.js'
import {inSession} from './setup/session.js'
import {SetupError} from './setup/setup-error.js'
import {announceRunningEngine} from './setup/test-bed.js'

const branch = 'feature/guestbook-colours'
const oldColour = '#2f6f8f'
const newColour = '#b5451b'
const note = 'The new colours look good.'

const isPictured = process.argv.includes('--picture')

/** Titles of the sections that the picture shows, and its lines that stand out. */
const PICTURED = /^(?:The developer packages|The reviewer runs|And sees)/
const RESULT = /^ +keg docker package run |^https?:|<h1>|<li>/

/** Keeps two demos, or a demo and the user's own guestbook, apart. */
const container = `guestbook-${randomBytes(2).toString('hex')}`
const volume = `${container}-notes`
/** What the picture shows: sections with their titles. @type {import('./demo/picture.js').Line[][]} */
const sections = []

const baseImage = `${container}-base:local`
const appImage = `${container}:develop`

await inSession(async (session) => {
  heading('Set-up')
  await installDependencies(session)
  await build(session)
  const engine = await requireEngine(session)
  await requireRegistry(session)
  await requireBusybox(session)
  announceRunningEngine(session, engine)
  const env = await isolatedEnvironment(await session.temporaryFolder('keg-demo-home'), engine)
  const registry = await startRegistry()
  session.addCleanup(registry.stop)
  session.addCleanup(() => {
    session.log('Removing the containers, the volume, the images, the registry and the temporary files ...')
    return removeFromEngine(registry.address, env)
  })
  await makeBusyboxImage(baseImage, {env})
  session.log(`Ready: engine ${engine.version}, a registry at ${registry.address}, a base image made from busybox.`)

  const folder = join(await session.temporaryFolder('keg-demo'), 'guestbook')
  await cp(join(repository, 'examples/guestbook'), folder, {recursive: true})
  const {show, quietly} = commandsIn(session, {cwd: folder, env})

  heading('An app with a volume, on a branch')
  await quietly('git', ['init', '--quiet'])
  await quietly('git', ['add', '.'])
  await quietly('git', ['commit', '--quiet', '--message', 'A guestbook'])
  await show('git', ['switch', '--create', branch])
  const dockerfile = ['--file', 'container/Dockerfile', '--build-arg', `KEG_BASE_IMAGE=${baseImage}`]
  await show('docker', ['build', '--quiet', ...dockerfile, '--tag', appImage, '.'])
  const mounts = ['--volume', `${volume}:/data`, '--publish', '127.0.0.1::8080']
  await show('docker', ['run', '--detach', '--name', container, ...mounts, appImage])
  const port = (await quietly('docker', ['port', container, '8080/tcp'])).trim().split('\n')[0] ?? ''
  await showPage(`http://${port}/`, session.signal)

  heading('Changed inside the container: a file of the app, and a note in the volume')
  const colours = `s/${oldColour}/${newColour}/`
  await show('docker', ['exec', container, 'sed', '-i', colours, '/app/page/style.css'])
  await show('docker', ['exec', container, 'sed', '-i', 's/Guestbook/Guestbook in new colours/', '/app/page/page.html'])
  await signGuestbook(`http://${port}/`, session.signal)

  heading('The developer packages the container and pushes it')
  const packageOutput = await show('keg', [
    'docker',
    'package',
    container,
    '--registry',
    `${registry.address}/demo`,
    '--yes',
  ])
  const line = /keg docker package run (\S+)/.exec(stripVTControlCharacters(packageOutput))
  const reference = line?.[1]
  if (line === null || reference === undefined) {
    throw new SetupError('`keg docker package` printed no line that runs the package.', 1)
  }

  heading('Nothing of it is on this machine')
  await show('docker', ['image', 'ls', reference.replace(/@.*/, '')])

  heading('The reviewer runs the line from the pull request')
  const runOutput = await show('keg', [...line[0].split(' ').slice(1), '-d'])
  const url = /http:\/\/127\.0\.0\.1:\d+\/?/.exec(stripVTControlCharacters(runOutput))?.[0]
  if (url === undefined) throw new SetupError('`keg docker package run` printed no address.', 1)

  heading('And sees what the developer saw')
  const page = await showPage(url, session.signal)
  for (const change of [newColour, 'Guestbook in new colours', note]) {
    if (!page.includes(change)) throw new SetupError(`The page of the package does not show "${change}".`, 1)
  }
  console.log()
  if (isPictured) {
    const picturedSections = sections.filter(([title]) => PICTURED.test(title?.text ?? ''))
    await writeFile(join(repository, 'docs/demo.svg'), picture(picturedSections).replaceAll(folder, '~/guestbook'))
  }
  return 0
})

/**
 * @param {import('./setup/session.js').Session} session
 * @param {{cwd: string, env: NodeJS.ProcessEnv}} place
 */
function commandsIn(session, {cwd, env}) {
  const buildEnvironment = {
    ...env,
    // The base image is only in the engine; BuildKit in a container would look for it in a registry.
    DOCKER_BUILDKIT: '0',
  }
  return {
    /**
     * Prints a command as one would type it, and its output.
     *
     * @param {string} program `keg` is the one of this checkout
     * @param {readonly string[]} programArguments
     * @returns {Promise<string>} its standard output
     */
    show: async (program, programArguments) => {
      const line = `$ ${commandLine(program, programArguments)}`
      console.log(bold(line))
      if (program === 'keg') {
        const keg = ['--', join(repository, 'bin/dev.js'), ...programArguments]
        const output = isPictured ? 'capture' : 'both'
        const {stderr, stdout} = await session.run(process.execPath, keg, {cwd, env, output})
        if (isPictured) console.log(stderr + stdout)
        draw('command', line)
        draw('output', stderr)
        draw('output', stdout)
        return stdout
      }
      // Nobody would find a half-done build or container.
      const {stdout} = await session.run(program, programArguments, {cwd, env: buildEnvironment, uninterrupted: true})
      if (stdout !== '') console.log(stdout.trimEnd())
      return stdout
    },
    /**
     * @param {string} program
     * @param {readonly string[]} programArguments
     * @returns {Promise<string>} its standard output
     */
    quietly: async (program, programArguments) => (await session.run(program, programArguments, {cwd, env})).stdout,
  }
}

/**
 * Waits until a page is served, and prints the lines of it that matter for the demo.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the whole page
 */
async function showPage(url, signal) {
  const deadline = Date.now() + 30_000
  for (;;) {
    signal.throwIfAborted()
    const page = await fetch(url, {signal: AbortSignal.any([signal, AbortSignal.timeout(5000)])})
      .then(async (response) => (response.ok ? await response.text() : undefined))
      .catch(() => undefined)
    if (page !== undefined) {
      console.log(bold(`GET ${url}`))
      for (const line of page.split('\n').filter((each) => /--accent:|<h1>|<li>/.test(each))) {
        console.log(`  ${line.trim()}`)
        draw('output', `  ${line.trim()}`)
      }
      return page
    }
    if (Date.now() > deadline) throw new SetupError(`The page ${url} does not come.`, 1)
    await sleep(200)
  }
}

/**
 * Leaves a note, as the page's own form does.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function signGuestbook(url, signal) {
  const body = new URLSearchParams({name: 'Ada', text: note})
  console.log(bold(`POST ${url}cgi-bin/index.cgi ${body.toString()}`))
  const response = await fetch(`${url}cgi-bin/index.cgi`, {method: 'POST', body, redirect: 'manual', signal})
  if (response.status !== 303)
    throw new SetupError(`The guestbook does not take a note (status ${response.status}).`, 1)
}

/**
 * Removes the app, its volume, the package's container and every image of this demo, as far as they exist.
 *
 * @param {string} registry whose images are removed, with containers made from them
 * @param {NodeJS.ProcessEnv} env
 */
async function removeFromEngine(registry, env) {
  /** @type {(programArguments: readonly string[]) => Promise<string[]>} */
  const docker = async (programArguments) => {
    const {stdout} = await run('docker', programArguments, {env, mayFail: true})
    return stdout.split('\n').filter((line) => line !== '')
  }
  const containers = (await docker(['ps', '--all', '--format', '{{.Names}} {{.Image}}']))
    .map((line) => line.split(' '))
    .filter(([name, image = '']) => name === container || image.startsWith(`${registry}/`))
    .flatMap(([name = '']) => [name])
  if (containers.length > 0) await docker(['rm', '--force', '--volumes', ...containers])
  await docker(['volume', 'rm', '--force', volume])
  const images = (await docker(['images', '--all', '--format', '{{.Repository}} {{.ID}}']))
    .map((line) => line.split(' '))
    .filter(([name = '']) => name.startsWith(`${registry}/`))
    .flatMap(([, id = '']) => [id])
  await docker(['rmi', '--force', ...new Set(images), appImage, baseImage])
}

/** @param {string} title */
function heading(title) {
  console.log(`\n${bold(`=== ${title} ===`)}`)
  sections.push([{kind: 'title', text: title}])
}

/**
 * @param {import('./demo/picture.js').Line['kind']} kind
 * @param {string} text lines to add to the section; its subject stands out
 */
function draw(kind, text) {
  const lines = stripVTControlCharacters(text).trimEnd().split('\n')
  for (const line of lines.filter((each) => each !== ''))
    sections.at(-1)?.push({kind: kind === 'output' && RESULT.test(line) ? 'result' : kind, text: line})
}

/** @param {string} text */
function bold(text) {
  return process.stdout.isTTY && process.env.NO_COLOR === undefined ? styleText('bold', text) : text
}
