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

const howToInstall = 'Install OpenSSH (Debian: openssh-server and openssh-client), and run this again.'

/**
 * @typedef {object} SshClient
 * @property {string} path a PATH whose `ssh` is the machine's own with a configuration of its own; nothing of the user's is read
 * @property {string} alias what that configuration calls the server
 */

/**
 * @typedef {object} SshServer
 * @property {string} user who may log in: whoever runs this
 * @property {string} host
 * @property {number} port
 * @property {string} address `ssh://USER@HOST:PORT`
 * @property {(options?: ClientOptions) => Promise<SshClient>} client
 * @property {() => Promise<void>} stop ends it and every session, and removes all that it made
 */

/**
 * @typedef {object} ClientOptions
 * @property {boolean} [knowsHost] false: it has never seen the server's key
 * @property {'right' | 'wrong' | 'encrypted'} [key] one that lets in, one that does not, one that lets in after a passphrase
 * @property {readonly string[]} [settings] more lines of ssh_config
 */

/**
 * Makes sure that `startSshServer` finds what it needs; what is missing on Debian or Ubuntu is unpacked into the checkout, so
 * that no service of the machine starts.
 *
 * @param {import('./session.js').Session} session
 * @throws {SetupError} one sentence
 */
export async function requireSshServer(session) {
  const packages = new DebianPackages(session)
  const hasClient = (await findProgram('ssh')) !== undefined && (await findProgram('ssh-keygen')) !== undefined
  if (hasClient && (await findServer()) !== undefined) return
  if (!(await isDebian()) || (!hasClient && !isRoot())) throw new SetupError(`There is no sshd here. ${howToInstall}`)
  if (!hasClient) await packages.install(['openssh-client'])
  // The one library of it that other programs seldom need.
  for (const name of ['openssh-server', 'libwrap0']) await packages.unpack(name)
}

/**
 * Starts a real sshd on a free port of the loopback address, with keys of its own, for whoever runs this alone.
 *
 * @param {object} [options]
 * @param {Record<string, string>} [options.environment] what is set in its sessions, such as PATH and DOCKER_HOST
 * @returns {Promise<SshServer>}
 * @throws {SetupError}
 */
export async function startSshServer({environment = {}} = {}) {
  const server = await findServer()
  if (server === undefined) throw new SetupError(`There is no sshd here. ${howToInstall}`)
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
 * ssh takes the home folder from the system's list of users, not from HOME: what a user writes into ~/.ssh/config comes by a
 * program of the name `ssh`, first on the PATH.
 *
 * @param {string} own
 * @param {{folder: string, port: number, user: string}} server
 * @param {ClientOptions} [options]
 * @returns {Promise<SshClient>}
 */
async function makeClient(own, {folder, port, user}, {knowsHost = true, key = 'right', settings = []} = {}) {
  const ssh = await findProgram('ssh')
  if (ssh === undefined) throw new SetupError(`There is no ssh here. ${howToInstall}`)
  await mkdir(own)
  const config = join(own, 'config')
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
    `UserKnownHostsFile ${knowsHost ? join(folder, 'known_hosts') : '/dev/null'}`,
    'GlobalKnownHostsFile /dev/null',
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  await writeFile(join(own, 'ssh'), `#!/bin/sh\nexec '${ssh}' -F '${config}' "$@"\n`, {mode: 0o755})
  return {path: [own, process.env.PATH ?? ''].join(delimiter), alias}
}

/** @param {string} file */
async function makeKey(file) {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'keg-test', '-f', file])
  await chmod(file, 0o600)
}

/**
 * @typedef {object} ServerProgram
 * @property {string} program
 * @property {string[]} settings where its own other programs are
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
  if (isRoot()) command.unshift(...(await ownSpace(folder)))
  const parentDeath = await findProgram('setpriv')
  if (parentDeath !== undefined) command.unshift(parentDeath, '--pdeathsig', 'KILL')
  const [file = program, ...programArguments] = command
  const child = spawn(file, programArguments, {
    env: {...environment, PATH: withSystemFolders(process.env).PATH},
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let log = ''
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => (log = (log + chunk.toString()).slice(-4000)))
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => undefined)
  const endNow = () => {
    child.kill('SIGKILL')
    rmSync(folder, {recursive: true, force: true, maxRetries: 3})
  }
  process.once('exit', endNow)
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    process.off('exit', endNow)
    await rm(folder, {recursive: true, force: true, maxRetries: 3})
  }
  for (const deadline = Date.now() + 20_000; !(await answers(port));) {
    if ((await Promise.race([ended.then(() => true), sleep(50, false)])) || Date.now() > deadline) {
      await stop()
      throw new SetupError(`sshd does not start: ${log.trim() || 'no answer'}`, 1)
    }
  }
  // One that nobody stops does not keep this process alive.
  child.unref()
  if (child.stderr instanceof Socket) child.stderr.unref()
  return stop
}

/**
 * What root starts sshd with: in a space of processes of its own every session ends with it, and in one of mounts it finds the
 * user that it drops its rights to, which comes with the package where that is installed.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function ownSpace(folder) {
  const users = join(folder, 'passwd')
  const known = await readFile('/etc/passwd', 'utf8')
  const isThere = /^sshd:/m.test(known)
  await writeFile(users, isThere ? known : `${known.trimEnd()}\nsshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n`)
  const prepare = `mount --bind '${users}' /etc/passwd && mkdir -p /run/sshd && exec "$@"`
  return ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', prepare, 'sh']
}

/** @param {number} port */
async function answers(port) {
  const socket = connect(port, '127.0.0.1')
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return outcome
}
