import {spawn} from 'node:child_process'
import {access, mkdir, open, readFile, rm} from 'node:fs/promises'
import {request} from 'node:http'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {DebianPackages, isDebian, isRoot} from './debian.js'
import {findProgram, run, withSystemFolders} from './process.js'
import {SetupError} from './setup-error.js'

const defaultSocket = '/var/run/docker.sock'
const defaultHosts = [`unix://${defaultSocket}`, 'unix:///run/docker.sock']
const installHint =
  'Install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install/), start it, and run this again.'

/**
 * @typedef {object} Engine
 * @property {string} version
 * @property {Record<string, string>} environment leads docker's clients to it without the user's docker configuration;
 *   empty for the engine at the default address
 * @property {string} [startedWith] the log of the engine, if it was started here
 */

/**
 * The engine that docker's own client finds (DOCKER_HOST, contexts). If none answers on Debian or Ubuntu as root, one is
 * installed and started by hand, and stays up.
 *
 * @param {import('./session.js').Session} session
 * @returns {Promise<Engine>}
 * @throws {SetupError} one sentence that says what to install
 */
export async function requireEngine(session) {
  const answer = await askEngine()
  if (answer.version !== undefined) return {version: answer.version, environment: await endpointEnvironment()}

  const host = process.env.DOCKER_HOST ?? (answer.client ? await contextHost() : undefined)
  if (host !== undefined && !defaultHosts.includes(host)) {
    const origin = process.env.DOCKER_HOST === undefined ? "docker's current context" : 'DOCKER_HOST'
    throw new SetupError(`No Docker engine answers at ${host}, which ${origin} names: start it, or choose another.`)
  }
  const socketAnswers = await engineAnswersAt(defaultSocket)
  if (socketAnswers && answer.client) {
    // An engine that answers us but not its client must not be replaced by a second one.
    throw new SetupError(`The Docker engine at ${defaultSocket} does not work: ${answer.reason}`)
  }
  if (!(await isDebian()) || !isRoot()) {
    throw new SetupError(
      socketAnswers
        ? `A Docker engine runs here, but its client does not: install the \`docker\` command, and run this again.`
        : `No Docker engine answers (${answer.reason}). ${installHint}`,
    )
  }
  await installEngine(new DebianPackages(session), {client: answer.client, engine: socketAnswers})
  // With an init system, the package has started the engine, or is just starting it.
  if (await exists('/run/systemd/system')) await run('systemctl', ['start', 'docker'], {mayFail: true, timeout: 60_000})
  const installed = await askEngine()
  if (installed.version !== undefined) return {version: installed.version, environment: {}}
  return startEngine(session)
}

/**
 * @param {DebianPackages} packages
 * @param {{client: boolean, engine: boolean}} present
 */
async function installEngine(packages, present) {
  const needed = []
  if (!present.engine && (await findProgram('dockerd')) === undefined) needed.push('docker.io')
  if (!present.engine && (await findProgram('iptables')) === undefined) needed.push('iptables')
  if (needed.length > 0) await packages.install(needed)
  // From Debian 13 on the client is a separate package; before, it comes with the engine.
  if (present.client || (await findProgram('docker')) !== undefined) return
  await packages.install([(await packages.has('docker-cli')) ? 'docker-cli' : 'docker.io'])
}

/**
 * Starts dockerd by hand, detached from this process, and waits until it answers.
 *
 * @param {import('./session.js').Session} session
 * @returns {Promise<Engine>}
 */
async function startEngine(session) {
  const dockerd = await findProgram('dockerd')
  if (dockerd === undefined) throw new SetupError(`No Docker engine answers, and there is no dockerd. ${installHint}`)
  await removeStalePidFile('/var/run/docker.pid', 'dockerd')
  await removeStalePidFile('/var/run/docker/containerd/containerd.pid', 'containerd')

  const folder = join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'keg-dev')
  await mkdir(folder, {recursive: true, mode: 0o700})
  const logPath = join(folder, 'dockerd.log')
  session.log(`Starting the Docker engine (log: ${logPath}) ...`)
  const log = await open(logPath, 'w')
  const child = spawn(dockerd, [], {
    cwd: '/',
    detached: true,
    env: withSystemFolders(process.env),
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()
  const ended = new Promise((/** @type {(code: number | null) => void} */ resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  child.unref()

  const deadline = Date.now() + 60_000
  for (;;) {
    // Asked again after this one has exited: another run may have started an engine at the same moment.
    const hasExited = await Promise.race([ended.then(() => true), sleep(300, false)])
    const {version} = await askEngine()
    if (version !== undefined) return {version, environment: {}, startedWith: logPath}
    if (Date.now() > deadline || (hasExited && !(await dockerdRuns()))) {
      const lines = (await readFile(logPath, 'utf8')).trim().split('\n')
      const reason = lines.findLast((line) => line.startsWith('failed to start daemon')) ?? lines.at(-1) ?? 'no answer'
      throw new SetupError(`The Docker engine does not start here (${reason}; log: ${logPath}). ${installHint}`)
    }
    session.signal.throwIfAborted()
    if (hasExited) await sleep(300)
  }
}

/** @returns {Promise<{client: boolean, version?: string, reason: string}>} */
async function askEngine() {
  if ((await findProgram('docker')) === undefined) return {client: false, reason: 'there is no `docker` command'}
  // In some versions `docker info --format` exits with 0 without an engine; `docker version` never does.
  const {code, stdout, stderr} = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
    mayFail: true,
    timeout: 20_000,
  })
  const version = stdout.trim()
  if (code === 0 && version !== '') return {client: true, version, reason: ''}
  return {client: true, reason: stderr.trim().split('\n')[0]?.replace(/\.$/, '') ?? 'no answer'}
}

/** @returns {Promise<string | undefined>} the address of docker's current context */
async function contextHost() {
  const format = '{{.Endpoints.docker.Host}}'
  const {code, stdout} = await run('docker', ['context', 'inspect', '--format', format], {mayFail: true})
  return code === 0 ? stdout.trim() : undefined
}

/**
 * The variables that make a docker client find the same engine when the user's docker configuration, and so the contexts, are
 * hidden.
 *
 * @returns {Promise<Record<string, string>>}
 */
async function endpointEnvironment() {
  if (process.env.DOCKER_HOST !== undefined) return {}
  const format = '{{.Endpoints.docker.Host}}\n{{.Storage.TLSPath}}'
  const {code, stdout} = await run('docker', ['context', 'inspect', '--format', format], {mayFail: true})
  const [host = '', certificates = ''] = stdout.trim().split('\n')
  if (code !== 0 || host === '' || defaultHosts.includes(host)) return {}
  const folder = join(certificates, 'docker')
  if (!(await exists(join(folder, 'ca.pem')))) return {DOCKER_HOST: host}
  return {DOCKER_HOST: host, DOCKER_CERT_PATH: folder, DOCKER_TLS_VERIFY: '1'}
}

/**
 * Pings an engine without its client.
 *
 * @param {string} socketPath
 * @returns {Promise<boolean>}
 */
export async function engineAnswersAt(socketPath) {
  return new Promise((resolve) => {
    const ping = request({socketPath, path: '/_ping', timeout: 5000}, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.once('timeout', () => ping.destroy(new Error('no answer')))
    ping.once('error', () => resolve(false))
    ping.end()
  })
}

/**
 * dockerd refuses to start, or waits in vain, if the process id in that file now belongs to another program.
 *
 * @param {string} path
 * @param {string} program
 */
async function removeStalePidFile(path, program) {
  const id = await readFile(path, 'utf8').catch(() => undefined)
  if (id === undefined) return
  const running = await readFile(`/proc/${Number(id)}/comm`, 'utf8').catch(() => '')
  if (running.trim() !== program) await rm(path, {force: true})
}

/** @returns {Promise<boolean>} whether an engine runs whose process id is in the usual file */
async function dockerdRuns() {
  const id = await readFile('/var/run/docker.pid', 'utf8').catch(() => 'none')
  const running = await readFile(`/proc/${Number(id)}/comm`, 'utf8').catch(() => '')
  return running.trim() === 'dockerd'
}

/** @param {string} path */
async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  )
}
