import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFileSync} from 'node:fs'
import {access, chmod, chown, mkdir, mkdtemp, open, readFile, realpath, rmdir, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, delimiter, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {DebianPackages, isDebian, isRoot} from './debian.js'
import {MountNamespace} from './mount-namespace.js'
import {engineAnswersAt} from './engine.js'
import {startKeeper, requireOwnEngine} from './own-engine.js'
import {findProgram, run, withSystemFolders} from './process.js'
import {Session} from './session.js'
import {SetupError} from './setup-error.js'
import {giveSubordinateIds, subordinateUser} from './subordinate-ids.js'

/**
 * @typedef {object} RootlessEngine
 * @property {string} host for DOCKER_HOST
 * @property {string} version
 * @property {string} log the path of its log; removed by `stop`
 * @property {string} hostAddress the name by which it and its containers reach ports of the machine's loopback address
 * @property {boolean} canPause whether it has a control group, without which no container can be paused
 * @property {() => Promise<void>} stop ends it and its containers, and removes everything it made
 */

/** What docker's own script for rootless mode starts, and the Debian packages with these programs. */
const programs = /** @type {const} */ ([
  ['rootlesskit', 'rootlesskit'],
  ['newuidmap', 'uidmap'],
  ['slirp4netns', 'slirp4netns'],
  ['iptables', 'iptables'],
])

/** First ids of the machine for its users; any unused ones would do. */
const subordinateIds = {users: 500_000, groups: 600_000}

/**
 * Starts a Docker engine in rootless mode (https://docs.docker.com/engine/security/rootless/), as a user that owns nothing,
 * with the script of Debian's docker.io. It gets what it needs (subordinate ids, the network device, a control group) within
 * namespaces only. It ends with this process, and leaves nothing behind.
 *
 * @param {object} [options]
 * @param {boolean} [options.controlGroup] false: without one, as for a user who did not log in through systemd
 * @param {Session} [options.session] gets progress messages
 * @returns {Promise<RootlessEngine>}
 * @throws {SetupError} if this is not root on Debian, or the engine does not start
 */
export async function startRootlessEngine({controlGroup = true, session = new Session()} = {}) {
  const {folders, script, version} = await requireRootlessEngine(session)
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'keg-engine-'))
  const stopKeeper = startKeeper(folder)
  /** @type {MountNamespace | undefined} */
  let namespace
  try {
    await chmod(folder, 0o711)
    const user = await findUser(subordinateUser)
    const home = join(folder, 'home')
    const runtime = join(folder, 'run')
    for (const path of [home, runtime]) {
      await mkdir(path, {mode: 0o700})
      await chown(path, user.uid, user.gid)
    }
    const mountNamespace = (namespace = await MountNamespace.create())
    await giveSubordinateIds(mountNamespace, folder, subordinateIds)
    await openNetworkDevice(mountNamespace, folder)
    const groups = controlGroup ? await delegateControlGroup(mountNamespace, basename(folder), user) : undefined
    const settings = {
      'data-root': join(home, 'data'),
      'exec-root': join(runtime, 'exec'),
      pidfile: join(runtime, 'docker.pid'),
      hosts: [`unix://${join(runtime, 'docker.sock')}`],
      // The machine, as seen from slirp4netns's network.
      'insecure-registries': [`${machineAddress}/32`],
    }
    await writeFile(join(folder, 'daemon.json'), JSON.stringify(settings))
    const log = join(folder, 'log')
    const programFolders = await Promise.all(
      folders.map((source, index) => bindFolder(mountNamespace, source, join(folder, `bin${index}`))),
    )
    const child = await startScript({
      command: [
        ...mountNamespace.prefix,
        ...['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=KILL', '--'],
        ...[
          await bindFile(mountNamespace, script, join(folder, 'dockerd-rootless.sh')),
          '--config-file',
          join(folder, 'daemon.json'),
        ],
      ],
      env: {
        PATH: [...programFolders, withSystemFolders(process.env).PATH].join(delimiter),
        HOME: home,
        XDG_RUNTIME_DIR: runtime,
        // All its containers end with the process namespace.
        DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS: '--pidns --disable-host-loopback=false',
      },
      log,
      group: groups?.own,
    })
    await waitUntilReady(join(runtime, 'docker.sock'), child, log)
    return {
      host: settings.hosts[0] ?? '',
      version,
      log,
      hostAddress: machineAddress,
      canPause: groups !== undefined,
      stop: async () => {
        await kill(child)
        namespace?.end()
        await stopKeeper()
      },
    }
  } catch (error) {
    namespace?.end()
    await stopKeeper()
    throw error
  }
}

/** slirp4netns's name for the machine's loopback address (slirp4netns(1)). */
const machineAddress = '10.0.2.2'

/** @returns {Promise<string | undefined>} why no rootless engine can be started here; undefined if one can */
export async function rootlessEngineObstacle() {
  if (!isRoot()) return 'Only root can start a rootless engine under a user of its own: run this as root.'
  if (!(await isDebian({itself: true})))
    return "A rootless engine comes from Debian's packages, and this is not Debian."
  const {code} = await run('setpriv', ['--reuid=65534', '--clear-groups', 'unshare', '--user', 'true'], {mayFail: true})
  return code === 0 ? undefined : 'A rootless engine needs user namespaces, and this machine gives users none.'
}

/**
 * @param {Session} session
 * @returns {Promise<{version: string, folders: string[], script: string}>} folders of programs that are not on PATH
 */
async function requireRootlessEngine(session) {
  const reason = await rootlessEngineObstacle()
  if (reason !== undefined) throw new SetupError(reason)
  const {folders, version} = await requireOwnEngine(session, 'classic')
  const missing = []
  for (const [program, name] of programs) if ((await findProgram(program)) === undefined) missing.push(name)
  if (missing.length > 0) await new DebianPackages(session).install(missing)
  const script = 'usr/share/docker.io/contrib/dockerd-rootless.sh'
  for (const root of ['/', ...folders.map((path) => join(path, '../..'))])
    if (await exists(join(root, script))) return {version, folders, script: join(root, script)}
  throw new SetupError(`There is no /${script}: it comes with Debian's package docker.io.`)
}

/**
 * @param {string} name
 * @returns {Promise<{uid: number, gid: number}>}
 */
async function findUser(name) {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  const [, , uid, gid] = lines.find(([user]) => user === name) ?? []
  if (uid === undefined || gid === undefined) throw new SetupError(`There is no user ${name} on this machine.`)
  return {uid: Number(uid), gid: Number(gid)}
}

/**
 * With udev, everybody may use /dev/net/tun; elsewhere only root.
 *
 * @param {MountNamespace} namespace
 * @param {string} folder
 */
async function openNetworkDevice(namespace, folder) {
  const device = join(folder, 'tun')
  await run('mknod', ['--mode=0666', device, 'c', '10', '200'])
  await namespace.bind(device, '/dev/net/tun')
}

/**
 * Gives the user a control group, as systemd does at login: containers cannot be paused without one.
 *
 * @param {MountNamespace} namespace
 * @param {string} name
 * @param {{uid: number, gid: number}} user
 * @returns {Promise<{own: string} | undefined>} the group of the engine itself; undefined if the machine has none to give
 */
async function delegateControlGroup(namespace, name, user) {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  const root = mounts.find((line) => / - cgroup2 /.test(line))?.split(' ')[4]
  if (root === undefined) return undefined
  const group = join(root, name)
  const own = join(group, 'engine')
  try {
    await mkdir(group)
    await mkdir(own)
    for (const path of [group, own])
      for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'])
        await chown(join(path, file), user.uid, user.gid)
    if (root !== '/sys/fs/cgroup') await namespace.bind(root, '/sys/fs/cgroup')
    return {own}
  } catch {
    // It is mounted read-only, or this is a container.
    await rmdir(own).catch(() => undefined)
    await rmdir(group).catch(() => undefined)
    return undefined
  }
}

/**
 * The user may have no access to the folder's real path.
 *
 * @param {MountNamespace} namespace
 * @param {string} source
 * @param {string} target is created
 */
async function bindFolder(namespace, source, target) {
  await mkdir(target)
  await namespace.bind(source, target)
  return target
}

/**
 * @param {MountNamespace} namespace
 * @param {string} source
 * @param {string} target is created
 */
async function bindFile(namespace, source, target) {
  await writeFile(target, '')
  await namespace.bind(source, target)
  return target
}

/**
 * @param {{command: readonly string[], env: NodeJS.ProcessEnv, log: string, group: string | undefined}} options
 * @returns {Promise<import('node:child_process').ChildProcess>}
 */
async function startScript({command: [program = '', ...programArguments], env, group, log}) {
  const output = await open(log, 'a')
  try {
    const child = spawn(program, programArguments, {
      cwd: '/',
      // Ctrl-C must not end it before the programs that still use it.
      detached: true,
      env,
      stdio: ['ignore', output.fd, output.fd],
    })
    // At once, before it has started any process.
    if (group !== undefined && child.pid !== undefined) writeFileSync(join(group, 'cgroup.procs'), String(child.pid))
    child.unref()
    await once(child, 'spawn')
    return child
  } finally {
    await output.close()
  }
}

/**
 * @param {string} socket
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} log
 */
async function waitUntilReady(socket, child, log) {
  const deadline = Date.now() + 60_000
  while (!(await engineAnswersAt(socket))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-5)
      await kill(child)
      throw new SetupError(`The rootless engine does not start:\n${lines.join('\n')}`, 1)
    }
    await sleep(100)
  }
}

/** @param {import('node:child_process').ChildProcess} child */
async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  // Waiting for its end must keep this process alive.
  child.ref()
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** @param {string} path */
function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  )
}
