import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, mkdir, mkdtemp, open, readFile, realpath, rm, writeFile} from 'node:fs/promises'
import {Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {basename, delimiter, join} from 'node:path'
import {text} from 'node:stream/consumers'
import {setTimeout as sleep} from 'node:timers/promises'
import {addBridge} from './bridge.js'
import {makeCertificates} from './certificates.js'
import {DebianPackages, isDebian, isRoot} from './debian.js'
import {engineAnswersAt} from './engine.js'
import {freePort} from './free-port.js'
import {MountNamespace} from './mount-namespace.js'
import {findProgram, run, withSystemFolders} from './process.js'
import {Session} from './session.js'
import {SetupError} from './setup-error.js'
import {giveSubordinateIds, subordinateUser} from './subordinate-ids.js'

/** @typedef {'classic' | 'containerd'} EngineKind its image store: graph driver overlay2, or containerd */

/**
 * The oldest and the newest in keg's range. The suites are Debian's; their engines run on other releases of Debian too.
 *
 * @type {Record<EngineKind, {suite: string, fits: (version: string) => boolean, settings: Record<string, unknown>}>}
 */
const kinds = {
  classic: {
    suite: 'bookworm',
    fits: (version) => version.startsWith('20.10.'),
    settings: {'storage-driver': 'overlay2'},
  },
  containerd: {
    suite: 'trixie',
    fits: (version) => {
      const [major = 0, minor = 0] = version.split('.').map(Number)
      return major > 26 || (major === 26 && minor >= 1)
    },
    settings: {features: {'containerd-snapshotter': true}},
  },
}

/**
 * @typedef {object} OwnEngine
 * @property {string} host for DOCKER_HOST
 * @property {string} version
 * @property {string} data its data folder
 * @property {string} log the path of the log of dockerd and containerd; removed by `stop`
 * @property {{host: string, certificates: string}} [tls] its second address, and the folder for DOCKER_CERT_PATH (ca.pem,
 *   cert.pem, key.pem)
 * @property {() => Promise<void>} kill ends dockerd and its containerd with SIGKILL; containers keep running
 * @property {() => Promise<void>} start starts it again on the same data
 * @property {() => Promise<void>} stop ends it and its containers, and removes everything it made
 */

/**
 * Starts a separate Docker engine beside any other: it has its own containerd, data, socket, bridge and addresses, and does not
 * touch the machine's firewall rules, so its containers reach no network but each other's. If the machine has no such engine,
 * Debian's packages are unpacked into the checkout. It ends with this process, even by SIGKILL, and leaves nothing behind.
 *
 * @param {object} options
 * @param {EngineKind} options.kind `classic` is Engine 20.10, `containerd` 26.1 or newer
 * @param {string} [options.folder] where to create its folder; default: the system's temporary folder
 * @param {Record<string, unknown>} [options.settings] more of daemon.json (https://docs.docker.com/reference/cli/dockerd/)
 * @param {number} [options.dataBytes] size of a file system in memory for its data; default: no limit
 * @param {{users: number, groups: number}} [options.remap] the users and groups of its containers are those of the machine
 *   from these ids on (userns-remap)
 * @param {boolean} [options.tls] true: it also listens on a port of the loopback address, for clients with its certificate
 * @param {Session} [options.session] gets progress messages, and ends it when interrupted
 * @returns {Promise<OwnEngine>}
 * @throws {SetupError} if this is not root on Debian, or the engine does not start
 */
export async function startOwnEngine({
  kind,
  folder: parent = tmpdir(),
  settings = {},
  dataBytes,
  remap,
  tls = false,
  session,
}) {
  const programs = await requireOwnEngine(session ?? new Session(), kind)
  const folder = await mkdtemp(join(await realpath(parent), 'keg-engine-'))
  const stopKeeper = startKeeper(folder)
  /** @type {MountNamespace | undefined} */
  let namespace
  try {
    // Containers with remapped users pass through it.
    await chmod(folder, 0o711)
    await Promise.all(['data', 'tmp'].map((name) => mkdir(join(folder, name))))
    const data = join(folder, 'data')
    if (dataBytes !== undefined) await run('mount', ['-t', 'tmpfs', '-o', `size=${dataBytes}`, 'tmpfs', data])
    const {bridge, pool} = await addBridge(`keg-${folder.slice(-6)}`)
    const certificates = tls ? await makeCertificates(folder) : undefined
    const port = tls ? await freePort() : undefined
    const containerd = join(folder, 'containerd.sock')
    const host = `unix://${join(folder, 'docker.sock')}`
    /** @type {Record<string, unknown>} */
    const daemon = {
      'data-root': data,
      'exec-root': join(folder, 'exec'),
      pidfile: join(folder, 'docker.pid'),
      hosts: port === undefined ? [host] : [host, `tcp://127.0.0.1:${port}`],
      containerd,
      bridge,
      // The firewall's chains have the same names for every engine: a second engine flushes those of the first.
      iptables: false,
      ...(kind === 'containerd' && {ip6tables: false}),
      // Its id comes from this key, by default a file in /etc shared by every engine of the machine.
      ...(kind === 'classic' && {'deprecated-key-path': join(data, 'key.json')}),
      'ip-forward': false,
      'cgroup-parent': `/${basename(folder)}`,
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      ...(certificates !== undefined && {
        tlsverify: true,
        tlscacert: certificates.authority,
        tlscert: certificates.certificate,
        tlskey: certificates.key,
      }),
      ...kinds[kind].settings,
      ...(remap !== undefined && {'userns-remap': subordinateUser}),
      ...settings,
    }
    const daemonFile = join(folder, 'daemon.json')
    await writeFile(daemonFile, JSON.stringify({...daemon, 'default-address-pools': [pool]}))
    await writeFile(
      join(folder, 'containerd.toml'),
      [
        'version = 2',
        `root = ${JSON.stringify(join(data, 'containerd'))}`,
        `state = ${JSON.stringify(join(folder, 'containerd'))}`,
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
        '[grpc]',
        `address = ${JSON.stringify(containerd)}`,
      ].join('\n'),
    )
    if (remap !== undefined) {
      namespace = await MountNamespace.create()
      await giveSubordinateIds(namespace, folder, remap)
    }
    const processes = new Processes(folder, {...programs, prefix: namespace?.prefix})
    await processes.start()
    return {
      host,
      version: programs.version,
      data,
      log: processes.log,
      ...(certificates !== undefined && {
        tls: {host: `tcp://127.0.0.1:${port}`, certificates: certificates.clientFolder},
      }),
      kill: () => processes.kill(),
      start: async () => {
        // An engine that restores its networks with such pools deletes docker0, even another engine's (moby,
        // daemon/daemon_unix.go, configureNetworking).
        await writeFile(daemonFile, JSON.stringify(daemon))
        await processes.start()
      },
      stop: async () => {
        await processes.kill()
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

/**
 * Makes sure that `startOwnEngine` finds what it needs, and fetches what is missing.
 *
 * @param {Session} session
 * @param {EngineKind} kind
 * @returns {Promise<{version: string, folders: string[]}>} its version, and the folders of its programs
 * @throws {SetupError} one sentence
 */
export async function requireOwnEngine(session, kind) {
  const reason = await ownEngineObstacle(kind)
  if (reason !== undefined) throw new SetupError(reason)
  const packages = new DebianPackages(session)
  const debian = await isDebian()
  for (const [program, name] of /** @type {const} */ ([
    ['ip', 'iproute2'],
    ['openssl', 'openssl'],
  ])) {
    if ((await findProgram(program)) !== undefined) continue
    if (!debian)
      throw new SetupError(`\`${program}\` is needed and is not on this machine: install it, then run this again.`)
    await packages.install([name])
  }
  const installed = await installedVersion()
  if (installed !== undefined && kinds[kind].fits(installed)) return {version: installed, folders: []}
  const unpacked = await packages.unpackFrom(kinds[kind].suite, ['docker.io', 'containerd', 'tini'])
  const folders = ['usr/bin', 'usr/sbin'].map((name) => join(unpacked, name))
  // The runc of another release may need a newer C library; the machine's own fits.
  if ((await findProgram('runc')) === undefined) folders.push(join(await packages.unpack('runc'), 'usr/sbin'))
  return {version: await versionOf(join(unpacked, 'usr/sbin/dockerd')), folders}
}

/**
 * @param {EngineKind} kind
 * @returns {Promise<string | undefined>} why `startOwnEngine` cannot run here; undefined if it can
 */
export async function ownEngineObstacle(kind) {
  if (!isRoot()) return 'Only root can start a Docker engine of its own: run this as root.'
  const installed = await installedVersion()
  if ((installed !== undefined && kinds[kind].fits(installed)) || (await isDebian({itself: true}))) return undefined
  return `A Docker engine of its own comes from Debian's packages (${kinds[kind].suite}), and this is not Debian.`
}

/** @returns {Promise<string | undefined>} the version of a completely installed engine, running or not */
async function installedVersion() {
  const [dockerd, ...others] = await Promise.all(['dockerd', 'containerd', 'runc'].map(findProgram))
  if (dockerd === undefined || others.includes(undefined)) return undefined
  return versionOf(dockerd)
}

/** @param {string} dockerd */
async function versionOf(dockerd) {
  const {stdout} = await run(dockerd, ['--version'])
  const version = /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  if (version === undefined) throw new SetupError(`\`${dockerd} --version\` tells no version: ${stdout.trim()}`, 1)
  return version
}

/**
 * Starts the process that removes everything once its input ends, which happens even if this process is killed by SIGKILL.
 *
 * @param {string} folder
 * @returns {() => Promise<void>} removes everything now
 */
export function startKeeper(folder) {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'own-engine-keeper.js'), folder], {
    cwd: '/',
    // Ctrl-C is not meant for it.
    detached: true,
    env: {PATH: withSystemFolders(process.env).PATH},
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const keeperErrors = text(keeper.stderr)
  const ended = new Promise((/** @type {(code: number | null) => void} */ resolve) => {
    keeper.once('exit', resolve)
    keeper.once('error', () => resolve(null))
  })
  keeper.stdin.on('error', () => undefined)
  keeper.unref()
  for (const stream of [keeper.stdin, keeper.stderr]) if (stream instanceof Socket) stream.unref()
  return async () => {
    keeper.ref()
    keeper.stdin.end()
    if ((await ended) !== 0)
      throw new SetupError(`What a Docker engine left in ${folder} cannot be removed: ${await keeperErrors}`, 1)
  }
}

/** The two processes of an engine. */
class Processes {
  /** @type {import('node:child_process').ChildProcess[]} */
  #running = []

  /**
   * @param {string} folder
   * @param {{folders: readonly string[], prefix?: readonly string[] | undefined}} programs their folders, and the command
   *   prefix
   */
  constructor(folder, {folders, prefix = []}) {
    this.folder = folder
    this.#prefix = prefix
    this.log = join(folder, 'log')
    this.#environment = {
      PATH: [...folders, withSystemFolders(process.env).PATH].join(delimiter),
      HOME: folder,
      TMPDIR: join(folder, 'tmp'),
    }
  }

  /** @type {readonly string[]} */
  #prefix

  /** @type {NodeJS.ProcessEnv} */
  #environment

  /** @throws {SetupError} with the end of its log if it does not start */
  async start() {
    if (this.#running.length > 0) throw new SetupError('This Docker engine runs already.', 1)
    await this.#spawn('containerd', ['--config', join(this.folder, 'containerd.toml')])
    await this.#until('containerd', () => connects(join(this.folder, 'containerd.sock')))
    await this.#spawn('dockerd', ['--config-file', join(this.folder, 'daemon.json')])
    await this.#until('dockerd', () => engineAnswersAt(join(this.folder, 'docker.sock')))
  }

  async kill() {
    const running = this.#running.splice(0).filter((child) => child.exitCode === null && child.signalCode === null)
    await Promise.all(
      running.map(async (child) => {
        // Waiting for its end must keep this process alive.
        child.ref()
        const ended = once(child, 'exit')
        child.kill('SIGKILL')
        await ended
      }),
    )
    // Its process id may belong to another program at the next start; nobody answers on its sockets.
    for (const name of ['docker.pid', 'docker.sock', 'containerd.sock'])
      await rm(join(this.folder, name), {force: true})
  }

  /**
   * @param {string} program
   * @param {readonly string[]} programArguments
   */
  async #spawn(program, programArguments) {
    const log = await open(this.log, 'a')
    try {
      const [first = program, ...rest] = [...this.#prefix, program, ...programArguments]
      const child = spawn(first, rest, {
        cwd: '/',
        // Ctrl-C must not end it before the programs that still use it.
        detached: true,
        env: this.#environment,
        stdio: ['ignore', log.fd, log.fd],
      })
      this.#running.push(child)
      child.unref()
      await once(child, 'spawn')
    } finally {
      await log.close()
    }
  }

  /**
   * @param {string} program
   * @param {() => Promise<boolean>} isReady
   */
  async #until(program, isReady) {
    const deadline = Date.now() + 120_000
    while (!(await isReady())) {
      const hasExited = this.#running.some((child) => child.exitCode !== null || child.signalCode !== null)
      if (hasExited || Date.now() > deadline) {
        const lines = (await readFile(this.log, 'utf8').catch(() => '')).trim().split('\n').slice(-5)
        await this.kill()
        throw new SetupError(`The Docker engine of its own does not start (${program}):\n${lines.join('\n')}`, 1)
      }
      await sleep(100)
    }
  }
}

/**
 * @param {string} path of a socket
 * @returns {Promise<boolean>}
 */
async function connects(path) {
  return new Promise((resolve) => {
    const socket = new Socket()
    socket.once('error', () => resolve(false))
    socket.connect(path, () => {
      socket.destroy()
      resolve(true)
    })
  })
}
