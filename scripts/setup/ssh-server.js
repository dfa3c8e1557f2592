import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rmSync} from 'node:fs'
import {chmod, copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile} from 'node:fs/promises'
import {connect, Socket} from 'node:net'
import {tmpdir, userInfo} from 'node:os'
import {delimiter, dirname, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {DebianPackages, findUnpacked, findUnpackedLibrary, isDebian, isRoot} from './debian.js'
import {freePort} from './free-port.js'
import {findProgram, run, withSystemFolders} from './process.js'
import {SetupError} from './setup-error.js'

const installHint = 'Install OpenSSH (Debian: openssh-server and openssh-client), and run this again.'

/**
 * @typedef {object} SshClient
 * @property {string} path a PATH whose `ssh` is the machine's own with a separate configuration; reads nothing of the user's
 * @property {string} alias name of the server in that configuration
 */

/**
 * @typedef {object} SshServer
 * @property {string} user who may log in: the user who runs this
 * @property {string} host
 * @property {number} port
 * @property {string} address `ssh://USER@HOST:PORT`
 * @property {(options?: ClientOptions) => Promise<SshClient>} client
 * @property {() => Promise<void>} stop ends it and every session, and removes everything it made
 */

/**
 * @typedef {object} ClientOptions
 * @property {boolean} [knowsHost] false: the server's key is unknown to it
 * @property {'right' | 'wrong' | 'encrypted'} [key] accepted, refused, or accepted after a passphrase
 * @property {readonly string[]} [settings] more lines of ssh_config
 */

/**
 * Makes sure that `startSshServer` finds what it needs. On Debian or Ubuntu, missing packages are unpacked into the checkout,
 * so that no service of the machine starts.
 *
 * @param {import('./session.js').Session} session
 * @throws {SetupError} one sentence
 */
export async function requireSshServer(session) {
  const packages = new DebianPackages(session)
  const hasClient = (await findProgram('ssh')) !== undefined && (await findProgram('ssh-keygen')) !== undefined
  if (hasClient && (await findServer()) !== undefined) return
  if (!(await isDebian()) || (!hasClient && !isRoot())) throw new SetupError(`There is no sshd here. ${installHint}`)
  if (!hasClient) await packages.install(['openssh-client'])
  // Its one library that few other programs need.
  for (const name of ['openssh-server', 'libwrap0']) await packages.unpack(name)
}

/**
 * Starts a real sshd on a free port of the loopback address, with separate keys, for the user who runs this only.
 *
 * @param {object} [options]
 * @param {Record<string, string>} [options.environment] variables of its sessions, such as PATH and DOCKER_HOST
 * @returns {Promise<SshServer>}
 * @throws {SetupError}
 */
export async function startSshServer({environment = {}} = {}) {
  const server = await findServer()
  if (server === undefined) throw new SetupError(`There is no sshd here. ${installHint}`)
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'keg-ssh-'))
  try {
    const [port, user] = [await freePort(), userInfo().username]
    await Promise.all(['host', 'right', 'wrong'].map((name) => makeKey(join(folder, name))))
    await copyFile(join(folder, 'right'), join(folder, 'encrypted'))
    await copyFile(join(folder, 'right.pub'), join(folder, 'encrypted.pub'))
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'not for keg', '-f', join(folder, 'encrypted')])
    await copyFile(join(folder, 'right.pub'), join(folder, 'authorized_keys'))
    const key = await readFile(join(folder, 'host.pub'), 'utf8')
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${key}`)
    const variables = Object.entries(environment).map(([name, value]) => `"${name}=${value}"`)
    const settings = [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      `AllowUsers ${user}`,
      'AuthenticationMethods publickey',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PrintMotd no',
      ...(variables.length > 0 ? [`SetEnv ${variables.join(' ')}`] : []),
      ...server.settings,
    ]
    await writeFile(join(folder, 'sshd_config'), `${settings.join('\n')}\n`)
    const stop = await serve(server, folder, port)
    let clients = 0
    return {
      user,
      host: '127.0.0.1',
      port,
      address: `ssh://${user}@127.0.0.1:${port}`,
      client: (options) => makeClient(join(folder, `client${clients++}`), {folder, port, user}, options),
      stop,
    }
  } catch (error) {
    await rm(folder, {recursive: true, force: true})
    throw error
  }
}

/**
 * ssh takes the home folder from the system's list of users, not from HOME. So the settings that a user would write into
 * ~/.ssh/config come from a program named `ssh`, first on the PATH.
 *
 * @param {string} clientFolder
 * @param {{folder: string, port: number, user: string}} server
 * @param {ClientOptions} [options]
 * @returns {Promise<SshClient>}
 */
async function makeClient(clientFolder, {folder, port, user}, {knowsHost = true, key = 'right', settings = []} = {}) {
  const ssh = await findProgram('ssh')
  if (ssh === undefined) throw new SetupError(`There is no ssh here. ${installHint}`)
  await mkdir(clientFolder)
  const config = join(clientFolder, 'config')
  const alias = 'keg-engine'
  const lines = [
    ...settings,
    `Host ${alias}`,
    'HostName 127.0.0.1',
    `Port ${port}`,
    `User ${user}`,
    'Host *',
    `IdentityFile ${join(folder, key)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${join(knowsHost ? folder : clientFolder, 'known_hosts')}`,
    'GlobalKnownHostsFile /dev/null',
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  await writeFile(join(clientFolder, 'ssh'), `#!/bin/sh\nexec '${ssh}' -F '${config}' "$@"\n`, {mode: 0o755})
  return {path: [clientFolder, process.env.PATH ?? ''].join(delimiter), alias}
}

/** @param {string} file */
async function makeKey(file) {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'keg-test', '-f', file])
  await chmod(file, 0o600)
}

/**
 * @typedef {object} ServerProgram
 * @property {string} program
 * @property {string[]} settings lines of sshd_config that name its helper programs
 * @property {Record<string, string>} environment what it needs to find its libraries
 */

/** @returns {Promise<ServerProgram | undefined>} */
async function findServer() {
  const installed = await findProgram('sshd')
  if (installed !== undefined) return {program: installed, settings: [], environment: {}}
  const program = await findUnpacked('sshd', 'openssh-server')
  const libraries = await findUnpackedLibrary('libwrap.so.0', 'libwrap0')
  if (program === undefined || libraries === undefined) return undefined
  const settings = []
  for (const [setting, name] of /** @type {const} */ ([
    ['SshdSessionPath', 'sshd-session'],
    ['SshdAuthPath', 'sshd-auth'],
  ])) {
    const path = await findProgram(join(dirname(program), '../lib/openssh', name))
    if (path !== undefined) settings.push(`${setting} ${path}`)
  }
  return {program, settings, environment: {LD_LIBRARY_PATH: libraries}}
}

/**
 * @param {ServerProgram} server
 * @param {string} folder
 * @param {number} port
 * @returns {Promise<() => Promise<void>>} ends it
 */
async function serve({program, environment}, folder, port) {
  const command = [program, '-D', '-e', '-f', join(folder, 'sshd_config')]
  if (isRoot()) command.unshift(...(await namespacePrefix(folder)))
  const setpriv = await findProgram('setpriv')
  if (setpriv !== undefined) command.unshift(setpriv, '--pdeathsig', 'KILL')
  const [file = program, ...programArguments] = command
  const child = spawn(file, programArguments, {
    env: {...environment, PATH: withSystemFolders(process.env).PATH},
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let log = ''
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => (log = (log + chunk.toString()).slice(-4000)))
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => undefined)
  const killAndRemove = () => {
    child.kill('SIGKILL')
    rmSync(folder, {recursive: true, force: true, maxRetries: 3})
  }
  process.once('exit', killAndRemove)
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    process.off('exit', killAndRemove)
    await rm(folder, {recursive: true, force: true, maxRetries: 3})
  }
  for (const deadline = Date.now() + 20_000; !(await isListening(port));) {
    if ((await Promise.race([ended.then(() => true), sleep(50, false)])) || Date.now() > deadline) {
      await stop()
      throw new SetupError(`sshd does not start: ${log.trim() || 'no answer'}`, 1)
    }
  }
  // A server that nobody stops does not keep this process alive.
  child.unref()
  if (child.stderr instanceof Socket) child.stderr.unref()
  return stop
}

/**
 * The command prefix with which root starts sshd: in a process namespace every session ends with it, and in a mount namespace
 * it finds the user for its privilege separation, which comes with the package if that is installed.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function namespacePrefix(folder) {
  const users = join(folder, 'passwd')
  const known = await readFile('/etc/passwd', 'utf8')
  const hasUser = /^sshd:/m.test(known)
  await writeFile(users, hasUser ? known : `${known.trimEnd()}\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n`)
  const prepare = `mount --bind '${users}' /etc/passwd && mkdir -p /run/sshd && exec "$@"`
  return ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', prepare, 'sh']
}

/** @param {number} port */
async function isListening(port) {
  const socket = connect(port, '127.0.0.1')
  const isConnected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return isConnected
}
