import type Docker from 'dockerode'
import {IncomingMessage, type Agent} from 'node:http'
import {Readable, type Duplex} from 'node:stream'
import {FailedError, MissingError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {keepClientOutOfLog} from './client-log.js'
import {engineBrokeOff, engineError, EngineError, engineLost} from './engine-error.js'
import {findEndpoint, type Endpoint} from './endpoint.js'
import {engineAgent, type EngineAgent} from './engine-agent.js'
import {jsonLines} from './json-lines.js'
import {loadClient} from './load-client.js'
import type {
  ContainerDetails,
  ContainerRow,
  EngineFacts,
  EngineInfo,
  EngineVersion,
  ExecDetails,
  HistoryRow,
  ImageDetails,
  ImageRow,
  ImageStore,
  LogOptions,
  NetworkDetails,
  PathStat,
  ProcessTable,
  StreamMessage,
  TerminalSize,
  VolumeDetails,
} from './types.js'

/** The newest API that keg was tried with; an older engine is spoken to in its own. */
export const NEWEST_API = '1.51'

/** The oldest API keg speaks: Engine 20.10. */
export const OLDEST_API = '1.41'

/** Of an engine that has not been asked yet. */
const NO_FACTS: EngineFacts = {version: {ApiVersion: '', Version: ''}, info: {}}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: object
  /** A tar to send. */
  readonly upload?: Readable
  /** Value of X-Registry-Auth. */
  readonly registryAuth?: string
  /** Takes the connection over, for bytes both ways; the answer is a Duplex then. */
  readonly hijack?: true
  readonly signal?: AbortSignal
  /** Statuses that are no error. */
  readonly expect: readonly number[]
}

/** Labels or names to look for, as the API's `filters`. */
export type Filters = Readonly<Record<string, readonly string[]>>

/**
 * The one door to Docker. Methods answer with what the engine said, and throw EngineError when it refused, MissingError
 * when it is not there, and the reason of the signal when that was aborted.
 */
export class Engine implements AsyncDisposable {
  private constructor(
    private readonly docker: Docker,
    private readonly connections: EngineAgent,
    /** What every path begins with: the API's version, after what a proxy wants. */
    private readonly prefix: string,
    readonly endpoint: Endpoint,
    readonly version: string,
    readonly imageStore: ImageStore,
    /** Options the engine reports of itself, such as `name=userns` or `name=rootless`. */
    readonly securityOptions: readonly string[],
    /** What it said of itself and its parts when keg connected. */
    readonly facts: EngineFacts,
  ) {}

  /**
   * Connects to the engine the docker client would use. Whoever connects closes, at best by `await using`.
   * @throws UsageError `context-unknown`, `host-invalid`; MissingError `engine-unreachable`, `engine-denied`, `engine-tls`;
   * FailedError `engine-too-old`.
   */
  static async connect(environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Engine> {
    keepClientOutOfLog()
    const [endpoint, DockerClient] = await Promise.all([findEndpoint(environment), loadClient()])
    const connections = await engineAgent(endpoint, environment)
    const options: Docker.DockerOptions & {agent: Agent} = {...addressOf(endpoint), agent: connections.agent}
    const docker = withoutDockerHost(() => new DockerClient(options))
    const basePath = (endpoint.kind === 'tcp' && endpoint.basePath) || ''
    const engine = new Engine(docker, connections, basePath, endpoint, '', 'graph', [], NO_FACTS)
    try {
      const version = await engine.#json<EngineVersion>({path: '/version', signal})
      if (compareVersions(version.ApiVersion, OLDEST_API) < 0)
        throw new FailedError(
          `This engine speaks API ${printable(version.ApiVersion)}; keg needs ${OLDEST_API} or newer.`,
          {code: 'engine-too-old', hint: 'Update Docker to 20.10 or newer.'},
        )
      const info = await engine.#json<EngineInfo>({path: '/info', signal})
      const containerd = (info.DriverStatus ?? []).some(([, value]) => value.startsWith('io.containerd.snapshotter'))
      return new Engine(
        docker,
        connections,
        `${basePath}/v${environment.DOCKER_API_VERSION ?? lower(version.ApiVersion, NEWEST_API)}`,
        endpoint,
        version.Version,
        containerd ? 'containerd' : 'graph',
        info.SecurityOptions ?? [],
        {version, info},
      )
    } catch (error) {
      await connections.close()
      throw error
    }
  }

  /** Ends its connections, and what still comes through them. @returns once nothing of them is left, no ssh either. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.connections.close()
  }

  /** Whether it gives the users in containers other ids on its machine (dockerd, `userns-remap`). */
  get remapsUsers(): boolean {
    return this.securityOptions.some((option) => option.startsWith('name=userns'))
  }

  /**
   * Has the engine try to sign in to a registry, and forget it again.
   * @param login the API's AuthConfig
   * @throws EngineError with what the registry said
   */
  async checkLogin(login: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void> {
    await this.#call({method: 'POST', path: '/auth', body: login, expect: [200, 204], ...(signal && {signal})})
  }

  /** What containers run on here, in Go's names (`linux`, `arm64`). */
  async platform(): Promise<{readonly os: string; readonly architecture: string}> {
    const {Os, Arch} = await this.#json<{Os: string; Arch: string}>({path: '/version'})
    return {os: Os, architecture: Arch}
  }

  containers(filters: Filters = {}): Promise<readonly ContainerRow[]> {
    return this.#json({path: '/containers/json', query: {all: true, filters: JSON.stringify(filters)}})
  }

  /** One container by name, id or unique id prefix; undefined when there is none. */
  async container(reference: string, {size = false} = {}): Promise<ContainerDetails | undefined> {
    return ifFound(this.#json<ContainerDetails>({path: containerPath(reference, 'json'), query: {size}}))
  }

  /** @returns the id of the container that was made, and the engine's warnings. */
  async createContainer(config: object, name?: string): Promise<{id: string; warnings: readonly string[]}> {
    const request = {method: 'POST', path: '/containers/create', query: {name}, body: config, expect: [201]} as const
    const {Id, Warnings} = await this.#parsed<{Id: string; Warnings?: string[] | null}>(request)
    return {id: Id, warnings: Warnings ?? []}
  }

  async startContainer(id: string): Promise<void> {
    await this.#call({method: 'POST', path: containerPath(id, 'start'), expect: [204, 304]})
  }

  /** Stops a container, killing it when it has not ended after `seconds`. */
  async stopContainer(id: string, seconds: number): Promise<void> {
    await this.#call({method: 'POST', path: containerPath(id, 'stop'), query: {t: seconds}, expect: [204, 304, 404]})
  }

  /** Starts a container anew; one that runs is stopped before, and killed when it has not ended after `seconds`. */
  async restartContainer(id: string, seconds: number): Promise<void> {
    await this.#call({method: 'POST', path: containerPath(id, 'restart'), query: {t: seconds}, expect: [204]})
  }

  async pauseContainer(id: string): Promise<void> {
    await this.#call({method: 'POST', path: containerPath(id, 'pause'), expect: [204]})
  }

  async unpauseContainer(id: string): Promise<void> {
    await this.#call({method: 'POST', path: containerPath(id, 'unpause'), expect: [204]})
  }

  /** Removes a container; with `volumes` its anonymous volumes too. One that is gone already is no error. */
  async removeContainer(id: string, {force = false, volumes = false} = {}): Promise<void> {
    await this.#call({method: 'DELETE', path: containerPath(id), query: {force, v: volumes}, expect: [204, 404]})
  }

  /** @throws EngineError 409 when another container has that name. */
  async renameContainer(id: string, name: string): Promise<void> {
    await this.#call({method: 'POST', path: containerPath(id, 'rename'), query: {name}, expect: [204]})
  }

  /** Waits until a container has ended. @returns its exit code. */
  async waitContainer(id: string, signal?: AbortSignal): Promise<number> {
    const request = {method: 'POST', path: containerPath(id, 'wait'), expect: [200]} as const
    const {StatusCode} = await this.#parsed<{StatusCode: number}>({...request, ...(signal && {signal})})
    return StatusCode
  }

  /** What a container prints, from its start on, as it comes: multiplexed unless it has a terminal. */
  containerLogs(
    id: string,
    signal: AbortSignal,
    {follow = true, since, tail, timestamps = false}: LogOptions = {},
  ): Promise<Readable> {
    return this.#stream({
      method: 'GET',
      path: containerPath(id, 'logs'),
      query: {follow, stdout: true, stderr: true, since, tail, timestamps},
      signal,
      expect: [200],
    })
  }

  /**
   * What a container prints from now on, multiplexed unless it has a terminal. Attached before the start it loses nothing,
   * whatever the log driver and however soon the container is gone.
   */
  attachContainer(id: string, signal: AbortSignal): Promise<Readable> {
    return this.#stream({
      method: 'POST',
      path: containerPath(id, 'attach'),
      query: {stream: true, stdout: true, stderr: true},
      signal,
      expect: [200],
    })
  }

  /**
   * Registers for the next end of a container, which is then not missed, even if the engine removes the container at once.
   * @returns the exit code to come, once the engine has the registration.
   */
  async nextExit(id: string, signal: AbortSignal): Promise<{readonly exitCode: Promise<number>}> {
    const path = containerPath(id, 'wait')
    const answer = await this.#stream({
      method: 'POST',
      path,
      query: {condition: 'next-exit'},
      signal,
      expect: [200],
    })
    const first = async (): Promise<number> => {
      try {
        for await (const {StatusCode} of jsonLines<{StatusCode?: number}>(answer))
          if (StatusCode !== undefined) return StatusCode
      } catch (error) {
        throw await this.#explain(error, signal)
      }
      // An engine that is not there any more ends its answer too: then that is what is said.
      await this.#ping()
      throw new EngineError(0, 'the engine ended before the container did')
    }
    const exitCode = first()
    // Whoever awaits it hears of its failure; nobody may be there yet, or any more.
    exitCode.catch(() => undefined)
    return {exitCode}
  }

  /** Splits what `containerLogs` gave into standard output and standard error. */
  splitLogs(stream: Readable, stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): void {
    this.docker.modem.demuxStream(stream, stdout, stderr)
  }

  /** A path inside a container, mounts included; undefined when it is not there. */
  async pathStat(container: string, path: string): Promise<PathStat | undefined> {
    const request = {method: 'HEAD', path: containerPath(container, 'archive'), query: {path}, expect: [200]} as const
    const answer = await ifFound(this.#stream(request))
    if (answer === undefined) return undefined
    answer.resume()
    const encoded = answer instanceof IncomingMessage ? answer.headers['x-docker-container-path-stat'] : undefined
    if (typeof encoded !== 'string') return undefined
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as PathStat
  }

  /**
   * A path of a container as a tar, mounts included. An open stream holds the container's lock: inspect, commit and
   * unpause wait until it is read to its end or left.
   */
  async archive(container: string, path: string, signal?: AbortSignal): Promise<AsyncGenerator<Buffer>> {
    const request = {method: 'GET', path: containerPath(container, 'archive'), query: {path}, expect: [200]} as const
    return this.#bytes(await this.#stream({...request, ...(signal && {signal})}), signal)
  }

  /**
   * Unpacks an uncompressed tar in a folder of a container, running or not, with the owners that the tar names. A folder that is
   * to become a file is removed with all that is in it (moby, pkg/archive, Unpack).
   */
  async unpack(container: string, folder: string, tar: Buffer): Promise<void> {
    const path = containerPath(container, 'archive')
    const upload = Readable.from([tar], {objectMode: false})
    await this.#call({method: 'PUT', path, query: {path: folder}, upload, expect: [200]})
  }

  /** The command lines of all processes in a running container, as `ps` of the engine's machine prints them. */
  async processes(container: string): Promise<readonly string[]> {
    const {Processes} = await this.processTable(container)
    return (Processes ?? []).map((columns) => columns.join(' '))
  }

  /** All processes in a running container with the columns that `ps` of the engine's machine is asked for; ids are of that machine. */
  processTable(container: string, psArguments?: string): Promise<ProcessTable> {
    return this.#json({path: containerPath(container, 'top'), query: {ps_args: psArguments}})
  }

  /** Has the engine know of a command that is to run in a container. @returns the id of the exec. */
  async createExec(container: string, config: object): Promise<string> {
    const request = {method: 'POST', path: containerPath(container, 'exec'), body: config, expect: [201]} as const
    return (await this.#parsed<{Id: string}>(request)).Id
  }

  /** Runs an exec that nobody listens to. */
  async startExec(id: string): Promise<void> {
    await this.#call({method: 'POST', path: execPath(id, 'start'), body: {Detach: true}, expect: [200, 204]})
  }

  /** Runs an exec. @returns what it prints, multiplexed unless it has a terminal, and what goes to its standard input. */
  async openExec(
    id: string,
    {size, tty}: {readonly size?: TerminalSize | undefined; readonly tty: boolean},
  ): Promise<Duplex> {
    const body = {Detach: false, Tty: tty, ...(size && {ConsoleSize: [size.rows, size.columns]})}
    const request = {method: 'POST', path: execPath(id, 'start'), body, hijack: true, expect: [101]} as const
    return (await this.#dial(request, true)) as Duplex
  }

  /** Sets the size of the terminal of an exec that runs. */
  async resizeExec(id: string, {columns, rows}: TerminalSize): Promise<void> {
    const query = {h: rows, w: columns}
    await this.#call({method: 'POST', path: execPath(id, 'resize'), query, expect: [200, 201]})
  }

  /** How an exec is; undefined when the engine does not know it any more. */
  async exec(id: string): Promise<ExecDetails | undefined> {
    return ifFound(this.#json<ExecDetails>({path: execPath(id, 'json')}))
  }

  /** The paths a container changed against its image, with one of CHANGE each. */
  async changes(
    container: string,
    signal?: AbortSignal,
  ): Promise<readonly {readonly Path: string; readonly Kind: number}[]> {
    const request = {method: 'GET', path: containerPath(container, 'changes'), expect: [200]} as const
    const list = await this.#parsed<{Path: string; Kind: number}[] | null>({...request, ...(signal && {signal})})
    // `null` where nothing changed, which the client library hands on as text.
    return Array.isArray(list) ? list : []
  }

  /** A container's root file system without its mounts as a tar. It does not hold up the container's pause. */
  async exportContainer(container: string, signal?: AbortSignal): Promise<AsyncGenerator<Buffer>> {
    const request = {method: 'GET', path: containerPath(container, 'export'), expect: [200]} as const
    return this.#bytes(await this.#stream({...request, ...(signal && {signal})}), signal)
  }

  /** Makes an untagged image of a container's own layer, without pausing it. @returns the id of the image. */
  async commit(container: string, config: object): Promise<string> {
    const request = {
      method: 'POST',
      path: '/commit',
      query: {container, pause: false},
      body: config,
      expect: [200, 201],
    } as const
    return (await this.#parsed<{Id: string}>(request)).Id
  }

  images(filters: Filters): Promise<readonly ImageRow[]> {
    return this.#json({path: '/images/json', query: {all: true, filters: JSON.stringify(filters)}})
  }

  /** One image by reference or id; undefined when it is not here. */
  async image(reference: string): Promise<ImageDetails | undefined> {
    return ifFound(this.#json<ImageDetails>({path: `/images/${reference}/json`}))
  }

  imageHistory(reference: string): Promise<readonly HistoryRow[]> {
    return this.#json({path: `/images/${reference}/history`})
  }

  /** An image as docker save writes it. */
  async saveImage(reference: string, signal?: AbortSignal): Promise<AsyncGenerator<Buffer>> {
    const request = {method: 'GET', path: `/images/${reference}/get`, expect: [200]} as const
    return this.#bytes(await this.#stream({...request, ...(signal && {signal})}), signal)
  }

  /** Takes in an image archive. @throws EngineError when the engine does not take it, and whatever the archive throws. */
  async loadImage(archive: Readable): Promise<void> {
    const request = {
      method: 'POST',
      path: '/images/load',
      query: {quiet: true},
      upload: archive,
      expect: [200],
    } as const
    for await (const message of this.#messages(await this.#stream(request))) refuse(message)
  }

  async tagImage(image: string, repository: string, tag: string): Promise<void> {
    await this.#call({method: 'POST', path: `/images/${image}/tag`, query: {repo: repository, tag}, expect: [201]})
  }

  networks(filters: Filters = {}): Promise<readonly NetworkDetails[]> {
    return this.#json({path: '/networks', query: {filters: JSON.stringify(filters)}})
  }

  /** One network by name or id; undefined when there is none. */
  async network(name: string): Promise<NetworkDetails | undefined> {
    return ifFound(this.#json<NetworkDetails>({path: networkPath(name)}))
  }

  /** @throws EngineError 409 when there is one of that name, where the body asks to look for it. */
  async createNetwork(config: object): Promise<void> {
    await this.#call({method: 'POST', path: '/networks/create', body: config, expect: [201]})
  }

  /** Removes a network, unless a container has it. @returns whether it is gone. */
  async removeNetwork(name: string): Promise<boolean> {
    try {
      await this.#call({method: 'DELETE', path: networkPath(name), expect: [204, 404]})
      return true
    } catch (error) {
      if (error instanceof EngineError && error.status === 403) return false
      throw error
    }
  }

  async volumes(filters: Filters = {}): Promise<readonly VolumeDetails[]> {
    const query = {filters: JSON.stringify(filters)}
    return (await this.#json<{Volumes: readonly VolumeDetails[] | null}>({path: '/volumes', query})).Volumes ?? []
  }

  /** Removes a volume, unless a container has it. @returns whether it is gone. */
  async removeVolume(name: string): Promise<boolean> {
    try {
      await this.#call({method: 'DELETE', path: `/volumes/${encodeURIComponent(name)}`, expect: [204, 404]})
      return true
    } catch (error) {
      if (error instanceof EngineError && error.status === 409) return false
      throw error
    }
  }

  /** Takes away one tag, or an image by id, never its parents. One that is gone already is no error. */
  async removeImage(reference: string, {force = false} = {}): Promise<void> {
    await this.#call({
      method: 'DELETE',
      path: `/images/${reference}`,
      query: {noprune: true, force},
      expect: [200, 404],
    })
  }

  /** Pushes `repository:tag`; messages come as the engine sends them, an error among them is thrown. */
  async *push(
    repository: string,
    tag: string,
    registryAuth: string,
    signal?: AbortSignal,
  ): AsyncGenerator<StreamMessage> {
    const request = {
      method: 'POST',
      path: `/images/${repository}/push`,
      query: {tag},
      registryAuth,
      expect: [200],
    } as const
    const stream = await this.#stream({...request, ...(signal && {signal})})
    for await (const message of this.#messages(stream, signal)) yield refuse(message)
  }

  /** Pulls a repository at a tag or digest; messages come as the engine sends them, an error among them is thrown. */
  async *pull(
    repository: string,
    tagOrDigest: string,
    registryAuth: string,
    signal?: AbortSignal,
  ): AsyncGenerator<StreamMessage> {
    const stream = await this.#stream({
      method: 'POST',
      path: '/images/create',
      query: {fromImage: repository, tag: tagOrDigest},
      registryAuth,
      expect: [200],
      ...(signal && {signal}),
    })
    for await (const message of this.#messages(stream, signal)) yield refuse(message)
  }

  async *#messages(stream: Readable, signal?: AbortSignal): AsyncGenerator<StreamMessage> {
    try {
      yield* jsonLines<StreamMessage>(stream)
    } catch (error) {
      throw await this.#explain(error, signal)
    } finally {
      stream.destroy()
    }
  }

  /** A stream to its end, or until nobody reads on. */
  async *#bytes(stream: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk
    } catch (error) {
      throw await this.#explain(error, signal)
    } finally {
      stream.destroy()
    }
  }

  /** @throws MissingError `engine-lost` */
  async #ping(): Promise<void> {
    await this.#call({method: 'GET', path: '/_ping', expect: [200]})
  }

  /** The error of keg for what a request came to: tells an engine that is gone from one that only broke off. */
  async #explain(cause: unknown, signal?: AbortSignal): Promise<Error> {
    const error = engineError(cause, this.endpoint, signal)
    const isKnown = this.version !== ''
    if (!isKnown || !(error instanceof MissingError) || error.code !== 'engine-unreachable') return error
    const request = {method: 'GET', path: '/_ping', expect: [200]} as const
    return this.#ask(request, false).then(
      () => engineBrokeOff(cause),
      () => engineLost(this.endpoint, cause),
    )
  }

  #json<T>({path, query, signal}: {path: string; query?: Query; signal?: AbortSignal | undefined}): Promise<T> {
    return this.#parsed<T>({method: 'GET', expect: [200], path, ...(query && {query}), ...(signal && {signal})})
  }

  async #parsed<T>(request: Request): Promise<T> {
    return (await this.#call(request)) as T
  }

  async #stream(request: Request): Promise<Readable> {
    return (await this.#dial(request, true)) as Readable
  }

  #call(request: Request): Promise<unknown> {
    return this.#dial(request, false)
  }

  async #dial(request: Request, isStream: boolean): Promise<unknown> {
    try {
      return await this.#ask(request, isStream)
    } catch (error) {
      throw await this.#explain(error, request.signal)
    }
  }

  #ask(
    {method, path, query, body, upload, registryAuth, hijack, signal, expect}: Request,
    isStream: boolean,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== false)
      const options = {
        method,
        path: `${this.prefix}${path}${given.length > 0 ? '?' : ''}`,
        options: {_query: Object.fromEntries(given), _body: body ?? {}},
        statusCodes: Object.fromEntries(expect.map((status) => [status, true])),
        isStream,
        ...(upload && {file: upload}),
        ...(registryAuth !== undefined && {authconfig: {key: registryAuth}}),
        ...(hijack && {hijack}),
        ...(signal && {abortSignal: signal}),
      }
      this.docker.modem.dial(options, (error: unknown, answer: unknown) => {
        if (error) reject(error instanceof Error ? error : new Error('the engine cannot be asked', {cause: error}))
        else resolve(answer)
      })
    })
  }
}

/** Everything is given, because dockerode would take what is missing from the environment by rules of its own. */
function addressOf(endpoint: Endpoint): Docker.DockerOptions {
  switch (endpoint.kind) {
    case 'socket':
      return {host: undefined, socketPath: endpoint.path, protocol: 'http'}
    case 'tcp':
      return {host: endpoint.host, port: endpoint.port, protocol: endpoint.tls ? 'https' : 'http'}
    case 'ssh':
      // Never looked up: the docker client on the other side knows where the engine is.
      return {host: 'docker.invalid', port: 80, protocol: 'http'}
  }
}

/** A docker-modem reads DOCKER_HOST and DOCKER_CERT_PATH whatever it is given, and fails where they are wrong. */
function withoutDockerHost<T>(make: () => T): T {
  const {DOCKER_HOST} = process.env
  try {
    Reflect.deleteProperty(process.env, 'DOCKER_HOST')
    return make()
  } finally {
    if (DOCKER_HOST !== undefined) process.env.DOCKER_HOST = DOCKER_HOST
  }
}

function containerPath(container: string, action?: string): string {
  return `/containers/${encodeURIComponent(container)}${action === undefined ? '' : `/${action}`}`
}

function execPath(exec: string, action: string): string {
  return `/exec/${encodeURIComponent(exec)}/${action}`
}

function networkPath(network: string): string {
  return `/networks/${encodeURIComponent(network)}`
}

async function ifFound<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined
    throw error
  }
}

function refuse(message: StreamMessage): StreamMessage {
  const said = message.errorDetail?.message ?? message.error
  if (said !== undefined) throw new EngineError(0, printable(said.trim()))
  return message
}

function compareVersions(left: string, right: string): number {
  return left.localeCompare(right, 'en', {numeric: true})
}

function lower(left: string, right: string): string {
  return compareVersions(left, right) < 0 ? left : right
}
