import type {Engine} from '../engine/engine.js'
import {isOfEngine} from './into-container.js'
import type {SyncSession} from './session.js'

/**
 * What became of the container of a session: `gone` only where its own engine says so; `unknown` where that engine is another
 * than the one that was asked, or the session does not say which it is.
 */
export type ContainerFate = 'running' | 'stopped' | 'gone' | 'unknown'

/** Looks for the containers of sessions of keg's own, each once. */
export async function findContainerFates(
  sessions: readonly SyncSession[],
  {engine, environment}: {readonly engine: Engine; readonly environment: NodeJS.ProcessEnv},
): Promise<ReadonlyMap<SyncSession, ContainerFate>> {
  const fates = new Map<string, Promise<ContainerFate>>()
  const fateOf = async ({beta}: SyncSession): Promise<ContainerFate> => {
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

async function ask(engine: Engine, container: string): Promise<ContainerFate> {
  const details = await engine.container(container)
  if (details === undefined) return 'gone'
  return details.State.Running ? 'running' : 'stopped'
}
