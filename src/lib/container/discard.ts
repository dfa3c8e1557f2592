import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../engine/engine.js'
import {EngineError} from '../engine/engine-error.js'

const POLL_MILLISECONDS = 50
const MAX_POLLS = 200

/** Removes a container in any state with its anonymous volumes; returns when it is gone. */
export async function removeCompletely(engine: Engine, id: string): Promise<void> {
  try {
    await engine.removeContainer(id, {force: true, volumes: true})
  } catch (error) {
    // The engine is already removing it, because it ended and was started with --rm.
    if (!(error instanceof EngineError) || error.status !== 409) throw error
    for (let poll = 0; poll < MAX_POLLS && (await engine.container(id)) !== undefined; poll++)
      await sleep(POLL_MILLISECONDS)
  }
}

/** Removes every container of one run of keg, found by label, so that it also finds those whose creation was never confirmed. */
export async function discardRun(engine: Engine, run: string): Promise<void> {
  for (const {Id} of await engine.containers({label: [`com.keg.run=${run}`]})) await removeCompletely(engine, Id)
}
