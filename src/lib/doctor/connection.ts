import {Engine} from '../engine/engine.js'
import {withTimeLimit, type Finding, type LookOptions} from './check.js'
import type {Work} from '../work/work.js'

/** The engine that keg would use, or why there is none. */
export type Connection = {readonly engine: Engine} | {readonly engine: undefined; readonly error: unknown}

/** Connects once for all checks; the caller closes the engine. @throws only the reason of the signal */
export async function connect(work: Pick<Work, 'environment' | 'signal'>, options: LookOptions): Promise<Connection> {
  try {
    return {engine: await withTimeLimit(work, 'engine', (signal) => Engine.connect(work.environment, signal), options)}
  } catch (error) {
    work.signal.throwIfAborted()
    return {engine: undefined, error}
  }
}

/** The finding of a check that needs an engine if there is none. */
export const withoutEngine: Finding = {status: 'skipped', detail: 'no engine'}
