import type Docker from 'dockerode'
import {IncomingMessage} from 'node:http'
import type {Readable} from 'node:stream'
import {FailedError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {engineError, EngineError} from './engine-error.js'
import {findEndpoint, type Endpoint} from './endpoint.js'
import {jsonLines} from './json-lines.js'
import type {
  ContainerDetails,
  ContainerRow,
  HistoryRow,
  ImageDetails,
  ImageRow,
  ImageStore,
  PathStat,
  StreamMessage,
} from './types.js'

/** The newest API that keg was tried with; an older engine is spoken to in its own. */
const NEWEST_API = '1.51'

/** The oldest API keg speaks: Engine 20.10. */
const OLDEST_API = '1.41'

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
export class Engine {
  private constructor(
    private readonly docker: Docker,
    readonly endpoint: Endpoint,
    readonly version: string,
    readonly imageStore: ImageStore,
    /** Options the engine reports of itself, such as `name=userns` or `name=rootless`. */
    readonly securityOptions: readonly string[],
  ) {}

  /**
   * Connects to the engine the docker client would use.
   * @throws MissingError `engine-unreachable`, `engine-denied`, `engine-too-old`.
   */
  static async connect(environment: NodeJS.ProcessEnv): Promise<Engine> {
    const endpoint = await findEndpoint(environment)
    const {default: DockerClient} = await import('dockerode')
    // Everything is given, because dockerode would take what is missing from DOCKER_HOST by rules of its own.
    const options =
      endpoint.kind === 'socket'
        ? {host: undefined, socketPath: endpoint.path}
        : {
            host: endpoint.host,
            port: endpoint.port,
            protocol: endpoint.tls ? ('https' as const) : ('http' as const),
            ...(endpoint.tls?.ca && {ca: [endpoint.tls.ca]}),
            ...(endpoint.tls?.cert && {cert: endpoint.tls.cert}),
            ...(endpoint.tls?.key && {key: endpoint.tls.key}),
          }
    const unversioned = new Engine(new DockerClient(options), endpoint, '', 'graph', [])
    const version = await unversioned.#json<{ApiVersion: string; Version: string}>({path: '/version'})
    if (compareVersions(version.ApiVersion, OLDEST_API) < 0)
      throw new FailedError(
        `This engine speaks API ${printable(version.ApiVersion)}; keg needs ${OLDEST_API} or newer.`,
        {
          code: 'engine-too-old',
          hint: 'Update Docker to 20.10 or newer.',
        },
      )
    const api = environment.DOCKER_API_VERSION ?? lower(version.ApiVersion, NEWEST_API)
    const docker = new DockerClient({...options, version: `v${api}`})
    const versioned = new Engine(docker, endpoint, version.Version, 'graph', [])
    const info = await versioned.#json<{DriverStatus?: [string, string][] | null; SecurityOptions?: string[] | null}>({
      path: '/info',
    })
    const containerd = (info.DriverStatus ?? []).some(([, value]) => value.startsWith('io.containerd.snapshotter'))
    return new Engine(
      docker,
      endpoint,
      version.Version,
      containerd ? 'containerd' : 'graph',
      info.SecurityOptions ?? [],
    )
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
  containerLogs(id: string, signal: AbortSignal): Promise<Readable> {
    return this.#stream({
      method: 'GET',
      path: containerPath(id, 'logs'),
      query: {follow: true, stdout: true, stderr: true},
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
        throw engineError(error, this.endpoint, signal)
      }
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
   * unpause wait until it is read to its end or destroyed.
   */
  archive(container: string, path: string, signal?: AbortSignal): Promise<Readable> {
    const request = {method: 'GET', path: containerPath(container, 'archive'), query: {path}, expect: [200]} as const
    return this.#stream({...request, ...(signal && {signal})})
  }

  /** The paths a container changed against its image; `Kind` is 0 changed, 1 added, 2 deleted. */
  async changes(container: string): Promise<readonly {readonly Path: string; readonly Kind: number}[]> {
    return (await this.#json<{Path: string; Kind: number}[] | null>({path: containerPath(container, 'changes')})) ?? []
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
  saveImage(reference: string, signal?: AbortSignal): Promise<Readable> {
    return this.#stream({method: 'GET', path: `/images/${reference}/get`, expect: [200], ...(signal && {signal})})
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
      throw engineError(error, this.endpoint, signal)
    } finally {
      stream.destroy()
    }
  }

  #json<T>(request: {path: string; query?: Query}): Promise<T> {
    return this.#parsed<T>({method: 'GET', expect: [200], ...request})
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

  #dial(
    {method, path, query, body, upload, registryAuth, signal, expect}: Request,
    isStream: boolean,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== false)
      const options = {
        method,
        path: given.length > 0 ? `${path}?` : path,
        options: {_query: Object.fromEntries(given), _body: body ?? {}},
        statusCodes: Object.fromEntries(expect.map((status) => [status, true])),
        isStream,
        ...(upload && {file: upload}),
        ...(registryAuth !== undefined && {authconfig: {key: registryAuth}}),
        ...(signal && {abortSignal: signal}),
      }
      this.docker.modem.dial(options, (error: unknown, answer: unknown) => {
        if (error) reject(engineError(error, this.endpoint, signal))
        else resolve(answer)
      })
    })
  }
}

function containerPath(container: string, action?: string): string {
  return `/containers/${encodeURIComponent(container)}${action === undefined ? '' : `/${action}`}`
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
