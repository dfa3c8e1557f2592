import {FailedError} from '../error/keg-error.js'
import {isOlder} from '../process/version.js'
import {printable} from '../terminal/text.js'
import {archiveCalls, type ArchiveCalls} from './api/archives.js'
import {containerCalls, type ContainerCalls} from './api/containers.js'
import {execCalls, type ExecCalls} from './api/execs.js'
import {imageCalls, type ImageCalls} from './api/images.js'
import {networkAndVolumeCalls, type NetworkAndVolumeCalls} from './api/networks-and-volumes.js'
import {dockerClient, type DockerClient} from './docker-client.js'
import {findEndpoint} from './endpoint.js'
import {engineAgent} from './engine-agent.js'
import {abortable, engineConnection, type EngineConnection} from './engine-connection.js'
import {engineError} from './engine-error.js'
import type {EngineFacts, EngineInfo, EngineVersion, ImageStore} from './types.js'

/** The newest API that keg was tested with; an older engine is used with its own version. */
export const MAX_API_VERSION = '1.51'

/** The oldest API that keg supports: Engine 20.10. */
export const MIN_API_VERSION = '1.41'

/**
 * The only way to Docker. Calls return the engine's answers, and throw EngineError if it refuses, MissingError if it is
 * gone, and the signal's reason if that was aborted.
 */
export interface Engine
  extends
    ArchiveCalls,
    ContainerCalls,
    ExecCalls,
    ImageCalls,
    NetworkAndVolumeCalls,
    Pick<EngineConnection, 'endpoint' | 'ping'> {
  readonly version: string
  readonly imageStore: ImageStore
  /** Options the engine reports, such as `name=userns` or `name=rootless`. */
  readonly securityOptions: readonly string[]
  /** Whether the engine maps the users in containers to other ids on its machine (dockerd, `userns-remap`). */
  readonly remapsUsers: boolean
  /** What the engine reported about itself and its parts when keg connected. */
  readonly facts: EngineFacts
  /** The platform of containers, in Go's names (`linux`, `arm64`). */
  platform(): Promise<{readonly os: string; readonly architecture: string}>
  /**
   * Has the engine test a login at a registry; nothing is stored.
   * @param login the API's AuthConfig
   * @throws EngineError with the registry's response
   */
  checkLogin(login: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>
  /** Ends all connections and their streams. @returns once all have ended, ssh too. */
  [Symbol.asyncDispose](): Promise<void>
}

export const Engine = {connect}

/**
 * Connects to the engine that the docker client would use. The caller closes the connection, preferably by `await using`.
 * @throws UsageError `context-unknown`, `host-invalid`; MissingError `engine-unreachable`, `engine-denied`, `engine-tls`;
 * FailedError `engine-too-old`.
 */
async function connect(environment: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Engine> {
  const endpoint = await findEndpoint(environment)
  const connections = await engineAgent(endpoint, environment)
  const basePath = endpoint.kind === 'tcp' ? (endpoint.basePath ?? '') : ''
  const clientOf = (prefix: string): Promise<DockerClient> =>
    dockerClient({agent: connections.agent, endpoint, prefix: prefix.replace(/^\//, '')})
  try {
    const facts = await factsOf(await clientOf(basePath), signal)
    const api = environment.DOCKER_API_VERSION || lower(facts.version.ApiVersion, MAX_API_VERSION)
    const connection = engineConnection(await clientOf(`${basePath}/v${api}`), endpoint)
    return {
      ...engineOf(connection, facts),
      [Symbol.asyncDispose]: () => connections.close(),
    }
  } catch (error) {
    await connections.close()
    throw engineError(error, endpoint, signal)
  }
}

/** @throws FailedError `engine-too-old`, and what dockerode throws */
async function factsOf(docker: DockerClient, signal: AbortSignal | undefined): Promise<EngineFacts> {
  const [version, info] = (await Promise.all([docker.version(abortable(signal)), docker.info(abortable(signal))])) as [
    EngineVersion,
    EngineInfo,
  ]
  if (isOlder(version.ApiVersion, MIN_API_VERSION))
    throw new FailedError(
      `This engine has API ${printable(version.ApiVersion)}; keg needs ${MIN_API_VERSION} or newer.`,
      {code: 'engine-too-old', hint: 'Update Docker to 20.10 or newer.'},
    )
  return {version, info}
}

function engineOf(connection: EngineConnection, facts: EngineFacts): Omit<Engine, typeof Symbol.asyncDispose> {
  const {ask, endpoint, ping} = connection
  const {info, version} = facts
  const isContainerd = (info.DriverStatus ?? []).some(([, value]) => value.startsWith('io.containerd.snapshotter'))
  const securityOptions = info.SecurityOptions ?? []
  return {
    ...archiveCalls(connection),
    ...containerCalls(connection),
    ...execCalls(connection),
    ...imageCalls(connection),
    ...networkAndVolumeCalls(connection),
    endpoint,
    ping,
    version: version.Version,
    imageStore: isContainerd ? 'containerd' : 'graph',
    securityOptions,
    remapsUsers: securityOptions.some((option) => option.startsWith('name=userns')),
    facts,
    async platform() {
      const {Arch, Os} = await ask<{Arch: string; Os: string}>((docker) => docker.version({}))
      return {os: Os, architecture: Arch}
    },
    async checkLogin(login, signal) {
      await ask((docker) => docker.checkAuth({...login, ...abortable(signal)}), signal)
    },
  }
}

function lower(left: string, right: string): string {
  return isOlder(left, right) ? left : right
}
