import {findEndpoint, type Endpoint} from '../engine/endpoint.js'
import type {SyncEndpoint, SyncSession} from './session.js'

/** A container and where its engine is. */
export interface ContainerPlace {
  /** All 64 digits. */
  readonly id: string
  readonly name: string
  readonly endpoint: Endpoint
  readonly environment: NodeJS.ProcessEnv
}

/** The sessions that have one of their sides in a container, whoever made them. */
export async function sessionsInto(
  sessions: readonly SyncSession[],
  container: ContainerPlace,
): Promise<readonly SyncSession[]> {
  const found = await Promise.all(
    sessions.map(async (session) => {
      const sides = await Promise.all([session.alpha, session.beta].map((side) => isIn(side, container)))
      return sides.includes(true) ? [session] : []
    }),
  )
  return found.flat()
}

/** Whether one side of a session is a container of that id, by whatever beginning of it. */
export function isSideOf(session: SyncSession, containerId: string): boolean {
  return [session.alpha, session.beta].some((side) => hasId(side, containerId))
}

/** As many digits as docker shows: fewer are rather a name. */
const FEWEST_DIGITS = 12

function hasId({host, protocol}: SyncEndpoint, id: string): boolean {
  return protocol === 'docker' && host !== undefined && host.length >= FEWEST_DIGITS && id.startsWith(host)
}

async function isIn(side: SyncEndpoint, {endpoint, environment, id, name}: ContainerPlace): Promise<boolean> {
  if (hasId(side, id)) return true
  if (side.protocol !== 'docker' || side.host !== name.replace(/^\//, '')) return false
  // Every engine may have a container of that name.
  return (await isOfEngine(side, {endpoint, environment})) !== false
}

/** Whether a side of a session is a container of that engine; undefined where that cannot be found out. */
export async function isOfEngine(
  side: SyncEndpoint,
  {endpoint, environment}: Pick<ContainerPlace, 'endpoint' | 'environment'>,
): Promise<boolean | undefined> {
  const theirs = await findEndpoint({...withoutDocker(environment), ...side.environment}).catch(() => undefined)
  return theirs && addressOf(theirs) === addressOf(endpoint)
}

/** What a session does not say of its engine is not this keg's `--context` but its daemon's default. */
function withoutDocker(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
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
