import {findEndpoint, type Endpoint} from '../engine/endpoint.js'
import type {SyncEndpoint, SyncSession} from './session.js'
import type {Work} from '../work/work.js'

/** A container and its engine. */
export interface ContainerPlace {
  /** All 64 digits. */
  readonly id: string
  readonly name: string
  readonly endpoint: Endpoint
}

/** The sessions with an endpoint in a container, made by keg or not. */
export async function sessionsInto(
  work: Pick<Work, 'environment'>,
  sessions: readonly SyncSession[],
  container: ContainerPlace,
): Promise<readonly SyncSession[]> {
  const found = await Promise.all(
    sessions.map(async (session) => {
      const sides = await Promise.all([session.alpha, session.beta].map((side) => isIn(work, side, container)))
      return sides.includes(true) ? [session] : []
    }),
  )
  return found.flat()
}

/** Whether an endpoint of a session is the container with that id, given by any prefix of it. */
export function isSideOf(session: SyncSession, containerId: string): boolean {
  return [session.alpha, session.beta].some((side) => hasId(side, containerId))
}

/** As many digits as docker shows: anything shorter is rather a name. */
const MIN_DIGITS = 12

function hasId({host, protocol}: SyncEndpoint, id: string): boolean {
  return protocol === 'docker' && host !== undefined && host.length >= MIN_DIGITS && id.startsWith(host)
}

async function isIn(
  {environment}: Pick<Work, 'environment'>,
  side: SyncEndpoint,
  {endpoint, id, name}: ContainerPlace,
): Promise<boolean> {
  if (hasId(side, id)) return true
  if (side.protocol !== 'docker' || side.host !== name.replace(/^\//, '')) return false
  // Another engine may have a container with that name.
  return (await isOfEngine(side, {endpoint, environment})) !== false
}

/** Whether an endpoint of a session is on that engine; undefined if unknown. */
export async function isOfEngine(
  side: SyncEndpoint,
  {endpoint, environment}: Pick<ContainerPlace, 'endpoint'> & Pick<Work, 'environment'>,
): Promise<boolean | undefined> {
  const sessionEndpoint = await findEndpoint({...withoutDockerVariables(environment), ...side.environment}).catch(
    () => undefined,
  )
  return sessionEndpoint && addressOf(sessionEndpoint) === addressOf(endpoint)
}

/** A session without an engine uses its daemon's default, not this keg's `--context`. */
function withoutDockerVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ENGINE_VARIABLES.has(name)))
}

const ENGINE_VARIABLES = new Set([
  'DOCKER_CERT_PATH',
  'DOCKER_CONTEXT',
  'DOCKER_HOST',
  'DOCKER_TLS',
  'DOCKER_TLS_VERIFY',
])

function addressOf(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'socket':
      return `unix:${endpoint.path}`
    case 'tcp':
      return `tcp:${endpoint.host}:${endpoint.port}`
    case 'ssh':
      return endpoint.selection.DOCKER_HOST ?? endpoint.selection.DOCKER_CONTEXT ?? ''
  }
}
