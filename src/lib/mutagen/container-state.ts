import type {Engine} from '../engine/engine.js'
import {isOfEngine} from './into-container.js'
import type {SyncSession} from './session.js'

/**
 * The state of a session's container: `gone` only if its own engine says so; `unknown` if the session's engine is another
 * one, or not known.
 */
export type SyncContainerState = 'running' | 'stopped' | 'gone' | 'unknown'

/** Checks the containers of keg's sessions, each once. */
export async function findSyncContainerStates(
  sessions: readonly SyncSession[],
  {engine, environment}: {readonly engine: Engine; readonly environment: NodeJS.ProcessEnv},
): Promise<ReadonlyMap<SyncSession, SyncContainerState>> {
  const fates = new Map<string, Promise<SyncContainerState>>()
  const fateOf = async ({beta}: SyncSession): Promise<SyncContainerState> => {
    const {host, protocol} = beta
    const names = beta.environment.DOCKER_HOST ?? beta.environment.DOCKER_CONTEXT
    if (protocol !== 'docker' || host === undefined || names === undefined) return 'unknown'
    if ((await isOfEngine(beta, {endpoint: engine.endpoint, environment})) !== true) return 'unknown'
    const fate = fates.get(host) ?? ask(engine, host)
    fates.set(host, fate)
    return fate
  }
  return new Map(await Promise.all(sessions.map(async (session) => [session, await fateOf(session)] as const)))
}

async function ask(engine: Engine, container: string): Promise<SyncContainerState> {
  const details = await engine.container(container)
  if (details === undefined) return 'gone'
  return details.State.Running ? 'running' : 'stopped'
}
