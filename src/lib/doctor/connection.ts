import {Engine} from '../engine/engine.js'
import {inTime, type Finding, type LookOptions} from './check.js'

/** The engine that keg would use, or why there is none. */
export type Connection = {readonly engine: Engine} | {readonly engine: undefined; readonly error: unknown}

/** Connects once for all checks; whoever connects closes the engine. @throws only the reason of the signal */
export async function connect(environment: NodeJS.ProcessEnv, options: LookOptions): Promise<Connection> {
  try {
    return {engine: await inTime('engine', (signal) => Engine.connect(environment, signal), options)}
  } catch (error) {
    options.signal.throwIfAborted()
    return {engine: undefined, error}
  }
}

/** The finding where an engine would have to be asked, and there is none. */
export const withoutEngine: Finding = {status: 'skipped', detail: 'no engine answers'}
