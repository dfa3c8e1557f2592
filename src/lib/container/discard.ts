import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../engine/engine.js'
import {EngineError} from '../engine/engine-error.js'

const POLL_MILLISECONDS = 50
const MOST_POLLS = 200

/** Removes a container with its anonymous volumes, whatever it does; returns when it is gone. */
export async function removeCompletely(engine: Engine, id: string): Promise<void> {
  try {
    await engine.removeContainer(id, {force: true, volumes: true})
  } catch (error) {
    // The engine is at it already, because it ended and was started with --rm.
    if (!(error instanceof EngineError) || error.status !== 409) throw error
    for (let poll = 0; poll < MOST_POLLS && (await engine.container(id)) !== undefined; poll++)
      await sleep(POLL_MILLISECONDS)
  }
}

/** Removes every container that one run of keg made, found by its label, so that also one whose creation was never answered goes. */
export async function discardRun(engine: Engine, run: string): Promise<void> {
  for (const {Id} of await engine.containers({label: [`com.keg.run=${run}`]})) await removeCompletely(engine, Id)
}
