import {access, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {CommandError, findProgram, run} from './process.js'
import {SetupError} from './setup-error.js'
import {createTar} from './tar.js'

/** Built programs: inside the checkout, ignored by git. */
const builtPrograms = join(import.meta.dirname, '../../.cache/mutagen')

/** A separate Go module that names Mutagen's version and digests: `go install` refuses a module with replace directives. */
const module = join(import.meta.dirname, 'mutagen')

const installHint =
  'Install Mutagen 0.18 or newer (https://mutagen.io/documentation/introduction/installation), or Go 1.25 or newer to build it with, and run this again.'

/** Where Mutagen looks for the programs that it copies into containers (mutagen 0.18, pkg/agent/bundle.go). */
const agents = 'mutagen-agents.tar.gz'

/**
 * Makes sure that there is a real Mutagen with its agent for Linux: the one on PATH, else one built by Go from the Go module
 * proxy, which takes half a minute on two cores.
 *
 * @param {import('./session.js').Session} session
 * @returns {Promise<string | undefined>} the folder to be put first on PATH; undefined if PATH has it
 * @throws {SetupError} one sentence that says what to install
 */
export async function requireMutagen(session) {
  const installed = await findProgram('mutagen')
  if (installed !== undefined && (await isUsable(installed))) return undefined

  const version = /^\s*github\.com\/mutagen-io\/mutagen v(\S+)/m.exec(
    await readFile(join(module, 'go.mod'), 'utf8'),
  )?.[1]
  const folder = join(builtPrograms, `${version}-${process.platform}-${process.arch}`)
  if (await isUsable(join(folder, 'mutagen'))) return folder
  const go = (await findProgram('go')) ?? (await findProgram('/usr/local/go/bin/go'))
  if (go === undefined || !(await isNewEnough(go)))
    throw new SetupError(`There is no Mutagen here that the tests can use. ${installHint}`)
  session.log(`Building Mutagen ${version} with Go (into .cache) ...`)
  await build(session, go, folder).catch((/** @type {unknown} */ error) => {
    throw error instanceof CommandError ? new SetupError(`${error.message}\n${installHint}`) : error
  })
  if (!(await isUsable(join(folder, 'mutagen'))))
    throw new SetupError(`Go built a Mutagen in ${folder} that does not run. ${installHint}`, 1)
  return folder
}

/**
 * @param {string} path
 * @returns {Promise<boolean>} whether this is a Mutagen that runs, is new enough for keg, and has its agent
 */
export async function isUsable(path) {
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined) return false
  const folder = dirname(real)
  const places = [folder, ...(basename(folder) === 'bin' ? [join(folder, '../libexec')] : [])]
  const found = await Promise.all(
    places.map((place) =>
      access(join(place, agents)).then(
        () => true,
        () => false,
      ),
    ),
  )
  if (!found.includes(true)) return false
  const {code, stdout} = await run(real, ['version'], {mayFail: true, timeout: 30_000})
  return code === 0 && isAtLeast(/^v?(\d+)\.(\d+)/.exec(stdout), [0, 18])
}

/**
 * Builds beside the folder, then renames as a whole: a concurrent run sees all of it or nothing.
 *
 * @param {import('./session.js').Session} session
 * @param {string} go
 * @param {string} folder
 */
async function build(session, go, folder) {
  await mkdir(builtPrograms, {recursive: true})
  const temporary = await mkdtemp(`${folder}.`)
  const files = join(temporary, 'files')
  try {
    await mkdir(files)
    const env = {...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOTMPDIR: temporary, GOWORK: 'off'}
    /**
     * @param {string} program
     * @param {string} tag without it the program only panics
     * @param {string} output
     * @param {NodeJS.ProcessEnv} [more]
     */
    const compile = async (program, tag, output, more) => {
      const options = ['-trimpath', '-ldflags=-s -w', `-tags=${tag}`, '-o', output]
      const source = `github.com/mutagen-io/mutagen/cmd/${program}`
      await session.run(go, ['build', ...options, source], {cwd: module, env: {...env, ...more}})
    }
    await compile('mutagen', 'mutagencli', join(files, 'mutagen'))
    await compile('mutagen-agent', 'mutagenagent', join(temporary, 'agent'), {GOOS: 'linux'})
    const architecture = (await session.run(go, ['env', 'GOARCH'], {env})).stdout.trim()
    const content = await readFile(join(temporary, 'agent'))
    const archive = createTar([{path: `linux_${architecture}`, type: 'file', mode: 0o755, content}])
    await writeFile(join(files, agents), await promisify(gzip)(archive, {level: 1}))
    await rename(files, folder).catch(async (/** @type {unknown} */ error) => {
      if (!(await isUsable(join(folder, 'mutagen')))) throw error
    })
  } finally {
    await rm(temporary, {recursive: true, force: true})
  }
}

/** @param {string} go */
async function isNewEnough(go) {
  const {stdout} = await run(go, ['env', 'GOVERSION'], {mayFail: true})
  return isAtLeast(/^go(\d+)\.(\d+)/.exec(stdout), [1, 25])
}

/**
 * @param {RegExpExecArray | null} version its two first numbers
 * @param {readonly [number, number]} least
 */
function isAtLeast(version, [leastMajor, leastMinor]) {
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
