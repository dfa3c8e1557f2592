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

/** @typedef {'classic' | 'containerd'} EngineKind by how it stores images: graph driver overlay2, or containerd */

/**
 * The oldest and the newest way in keg's range. The suites are Debian's; their engines run on other releases of Debian too.
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
 * @property {string} data the folder with all that it keeps
 * @property {string} log the path of what dockerd and containerd say; removed by `stop`
 * @property {{host: string, certificates: string}} [tls] its second address, and the folder for DOCKER_CERT_PATH (ca.pem,
 *   cert.pem, key.pem)
 * @property {() => Promise<void>} kill ends dockerd and its containerd with SIGKILL; containers run on
 * @property {() => Promise<void>} start starts it again on the same data
 * @property {() => Promise<void>} stop ends it and its containers, and removes all that it made
 */

/**
 * Starts a Docker engine of its own beside any other: it has its own containerd, data, socket, bridge and addresses, and
 * leaves the rules of the machine's firewall to others, so its containers reach no network but each other's. Where the machine
 * has no engine of the kind, Debian's packages are unpacked into the checkout. It ends when this process ends, however that
 * comes about, and nothing of it stays.
 *
 * @param {object} options
 * @param {EngineKind} options.kind `classic` is Engine 20.10, `containerd` 26.1 or newer
 * @param {string} [options.folder] where its own folder is made; default: the system's temporary folder
 * @param {Record<string, unknown>} [options.settings] more of daemon.json (https://docs.docker.com/reference/cli/dockerd/)
 * @param {number} [options.dataBytes] its data lies on a file system of its own, in memory, that holds no more than this
 * @param {{users: number, groups: number}} [options.remap] the users and groups of its containers are those of the machine
 *   from these ids on (userns-remap)
 * @param {boolean} [options.tls] true: it listens on a port of the loopback address too, for who has its certificate
 * @param {Session} [options.session] is told what takes long, and ends it when interrupted
 * @returns {Promise<OwnEngine>}
 * @throws {SetupError} where this is not root on Debian, or the engine does not start
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
  const stopKeeper = keep(folder)
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
      // The firewall's chains have the same names for every engine: a second one empties those of the first.
      iptables: false,
      ...(kind === 'containerd' && {ip6tables: false}),
      // Its id comes from this key, which is in /etc otherwise, the same for every engine of the machine.
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
        // One that finds its networks again and has such pools deletes docker0, be that another engine's (moby,
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
 * @returns {Promise<{version: string, folders: string[]}>} its version, and the folders that its programs are in
 * @throws {SetupError} one sentence
 */
export async function requireOwnEngine(session, kind) {
  const reason = await whyNoOwnEngine(kind)
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
 * @returns {Promise<string | undefined>} why `startOwnEngine` cannot do it on this machine; undefined where it can
 */
export async function whyNoOwnEngine(kind) {
  if (!isRoot()) return 'Only root can start a Docker engine of its own: run this as root.'
  const installed = await installedVersion()
  if ((installed !== undefined && kinds[kind].fits(installed)) || (await isDebian({itself: true}))) return undefined
  return `A Docker engine of its own comes from Debian's packages (${kinds[kind].suite}), and this is not Debian.`
}

/** @returns {Promise<string | undefined>} the version of the engine that is installed whole, whether it runs or not */
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
 * Starts the process that removes everything once nobody holds the other end of its input, which is so also after a SIGKILL of
 * this process.
 *
 * @param {string} folder
 * @returns {() => Promise<void>} has it removed everything now
 */
export function keep(folder) {
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'own-engine-keeper.js'), folder], {
    cwd: '/',
    // Ctrl-C is not for it.
    detached: true,
    env: {PATH: withSystemFolders(process.env).PATH},
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const complaint = text(keeper.stderr)
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
      throw new SetupError(`What a Docker engine left in ${folder} cannot be removed: ${await complaint}`, 1)
  }
}

/** The two processes of an engine. */
class Processes {
  /** @type {import('node:child_process').ChildProcess[]} */
  #running = []

  /**
   * @param {string} folder
   * @param {{folders: readonly string[], prefix?: readonly string[] | undefined}} programs where they are, and what to start
   *   them by
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

  /** @throws {SetupError} with the end of its log where it does not start */
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
    // Its number may be another program's by the time it starts again; its sockets answer nobody.
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
        // Ctrl-C must not end it before what still talks to it.
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
      const over = this.#running.some((child) => child.exitCode !== null || child.signalCode !== null)
      if (over || Date.now() > deadline) {
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
