import type {Work} from '../work/work.js'
import {Engine} from './engine.js'

/** The work of a service that uses the engine. */
export interface EngineWork extends Work {
  readonly engine: Engine
}

/**
 * The same work with an engine: its own if it has one, so that services that call each other share a connection. Otherwise
 * connects; the connection ends with the work.
 * @throws what Engine.connect throws
 */
export async function withEngine(work: Work | EngineWork): Promise<EngineWork> {
  if ('engine' in work) return work
  const engine = await Engine.connect(work.environment, work.signal)
  return {...work, engine: work.cleanup.use(engine)}
}
