import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {rmSync} from 'node:fs'
import {Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {DebianPackages, findUnpacked, isDebian} from './debian.js'
import {findProgram, run} from './process.js'
import {SetupError} from './setup-error.js'

const installHint =
  'Install the distribution registry (https://distribution.github.io/distribution/) so that `registry` is on PATH, and run this again.'

/**
 * Makes sure that `startRegistry` finds a program.
 *
 * @param {import('./session.js').Session} session
 */
export async function requireRegistry(session) {
  if ((await findRegistry()) !== undefined) return
  if (await isDebian()) await new DebianPackages(session).unpack('docker-registry')
  if ((await findRegistry()) === undefined) throw new SetupError(`There is no registry program here. ${installHint}`)
}

/**
 * @typedef {object} OwnRegistry
 * @property {string} address HOST:PORT
 * @property {() => number | undefined} pid of its process
 * @property {() => Promise<void>} kill ends it with SIGKILL; its data stays
 * @property {() => Promise<void>} start starts it again on the same data and port
 * @property {() => Promise<string>} move starts it again on the same data and another port; returns its HOST:PORT
 * @property {() => Promise<void>} stop ends it and removes its data
 */

/**
 * Starts a separate registry on a free port of the loopback address. It ends with this process (after a SIGKILL only if
 * `setpriv` is installed).
 *
 * @param {object} [options]
 * @param {string} [options.directory] where to create its data folder; default: the system's temporary folder
 * @param {{user: string, secret: string}} [options.password] required of every client
 * @param {{realm: string, service: string, issuer: string, rootcertbundle: string}} [options.token] requires a token from the
 *   server `realm`, signed by a certificate in the file `rootcertbundle`
 * @returns {Promise<OwnRegistry>}
 */
export async function startRegistry({directory = tmpdir(), password, token} = {}) {
  const program = await findRegistry()
  if (program === undefined) throw new SetupError(`There is no registry program here. ${installHint}`)
  const folder = await mkdtemp(join(directory, 'keg-registry-'))
  try {
    await mkdir(join(folder, 'data'))
    /** @type {Record<string, unknown>} */
    const settings = {
      version: '0.1',
      log: {level: 'info', accesslog: {disabled: true}},
      storage: {filesystem: {rootdirectory: join(folder, 'data')}, delete: {enabled: true}},
      // The registry picks a free port itself and logs it.
      http: {addr: '127.0.0.1:0', secret: randomBytes(16).toString('hex')},
    }
    if (password !== undefined) {
      const path = join(folder, 'htpasswd')
      await writeFile(path, await passwordEntry(password), {mode: 0o600})
      settings.auth = {htpasswd: {realm: 'keg', path}}
    }
    if (token !== undefined) settings.auth = {token}
    // JSON is YAML.
    await writeFile(join(folder, 'registry.yml'), JSON.stringify(settings))
    return await serve(program, folder)
  } catch (error) {
    await rm(folder, {recursive: true, force: true})
    throw error
  }
}

/**
 * @param {string} program
 * @param {string} folder
 * @returns {Promise<OwnRegistry>}
 */
async function serve(program, folder) {
  let running = await spawnRegistry(program, folder)
  const {address} = running
  const killAndRemove = () => {
    running.child.kill('SIGKILL')
    rmSync(folder, {recursive: true, force: true, maxRetries: 3})
  }
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    // Other listeners keep the process running for a while; it ends the registry by `stop` or at its exit.
    if (process.listenerCount(signal) > 0) return
    killAndRemove()
    process.kill(process.pid, signal)
  }
  process.once('exit', killAndRemove).once('SIGINT', onSignal).once('SIGTERM', onSignal)
  return {
    address,
    pid: () => running.child.pid,
    kill: () => kill(running),
    start: async () => {
      running = await spawnRegistry(program, folder, address)
    },
    move: async () => {
      await kill(running)
      running = await spawnRegistry(program, folder, '127.0.0.1:0')
      return running.address
    },
    stop: async () => {
      await kill(running)
      await rm(folder, {recursive: true, force: true, maxRetries: 3})
      process.off('exit', killAndRemove).off('SIGINT', onSignal).off('SIGTERM', onSignal)
    },
  }
}

/**
 * @typedef {object} RegistryProcess
 * @property {string} address HOST:PORT
 * @property {import('node:child_process').ChildProcess} child
 * @property {Promise<void>} ended
 */

/** @param {RegistryProcess} running */
async function kill({child, ended}) {
  // Waiting for its end must keep this process alive, or the rest of a script's clean-up never runs.
  child.ref()
  child.kill('SIGKILL')
  await ended
}

/**
 * @param {string} program
 * @param {string} folder with its settings
 * @param {string} [address] HOST:PORT; default: that of its settings
 * @returns {Promise<RegistryProcess>} already listening
 */
async function spawnRegistry(program, folder, address) {
  const command = [program, 'serve', join(folder, 'registry.yml')]
  const setpriv = await findProgram('setpriv')
  if (setpriv !== undefined) command.unshift(setpriv, '--pdeathsig', 'KILL')
  const [file = program, ...programArguments] = command
  // A REGISTRY_* variable overrides the settings.
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('REGISTRY_'))
  const child = spawn(file, programArguments, {
    env: {...Object.fromEntries(environment), ...(address !== undefined && {REGISTRY_HTTP_ADDR: address})},
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C must not end it before the programs that still use it.
    detached: true,
  })
  const ended = new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  let log = ''
  const port = await new Promise((/** @type {(port: string | undefined) => void} */ resolve) => {
    const timer = setTimeout(() => resolve(undefined), 30_000)
    void ended.then(() => {
      clearTimeout(timer)
      resolve(undefined)
    })
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
      // Always read, or a full pipe would block the registry; kept only until the port is known.
      if (log === 'listening') return
      log += chunk.toString()
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1]
      if (found === undefined) return
      log = 'listening'
      clearTimeout(timer)
      resolve(found)
    })
  })
  if (port === undefined) {
    await kill({address: '', child, ended})
    throw new SetupError(`The registry ${program} does not start:\n${log.trim().split('\n').slice(-5).join('\n')}`, 1)
  }
  // A registry that nobody stops does not keep this process alive.
  child.unref()
  if (child.stderr instanceof Socket) child.stderr.unref()
  return {address: `127.0.0.1:${port}`, child, ended}
}

/** @returns {Promise<string | undefined>} */
async function findRegistry() {
  return (
    (await findProgram('docker-registry')) ??
    (await findProgram('registry')) ??
    (await findUnpacked('docker-registry', 'docker-registry'))
  )
}

/**
 * A line of a htpasswd file. The registry accepts only bcrypt, from `htpasswd`, or from Debian's C library through Perl.
 *
 * @param {{user: string, secret: string}} password
 * @returns {Promise<string>}
 */
async function passwordEntry({user, secret}) {
  if ((await findProgram('htpasswd')) !== undefined) {
    return (await run('htpasswd', ['-niB', user], {input: secret})).stdout
  }
  const salt = randomBytes(16).toString('hex').slice(0, 21)
  const program = `print crypt(do {local $/; <STDIN>}, '$2y$05$${salt}u')`
  const {stdout} = await run('perl', ['-e', program], {input: secret, mayFail: true})
  if (!stdout.startsWith('$2y$')) {
    throw new SetupError(
      'A registry with a password needs `htpasswd`: install it (Debian: apache2-utils), and run this again.',
    )
  }
  return `${user}:${stdout}\n`
}
