import {setTimeout as sleep} from 'node:timers/promises'
import {EngineError} from '../../engine/engine-error.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {partProcesses, PROCESS_COLUMNS, readProcesses, type ProcessTrees} from './process-tree.js'
import {stateOf} from './waiting.js'

/** How long a container that was started just now may take until it waits: its run script has to get there. */
const PATIENCE_MILLISECONDS = 2000
const POLL_MILLISECONDS = 100
/** One that is older shows at once what it does. */
const YOUNG_MILLISECONDS = 60_000

/** How a container is looked at that may still be on its way to waiting. */
export interface IdleOptions {
  /** False takes it as it is this moment. Default: true. */
  readonly isPatient?: boolean
  /** Whether it can be seen otherwise that it works, such as by a port that answers. */
  readonly isServing?: () => Promise<boolean>
}

/**
 * Whether a running container does nothing but wait until somebody runs a command in it: all of its own processes only wait
 * (`tail -f /dev/null`, `sleep infinity`, a shell whose child does). What was brought in by exec does not count. One that was
 * started just now, and is at its run script still, is given two seconds.
 * @returns false, too, where the engine cannot list its processes
 */
export async function idles(
  engine: Engine,
  container: ContainerDetails,
  {isPatient = true, isServing}: IdleOptions = {},
): Promise<boolean> {
  const age = Date.now() - Date.parse(container.State.StartedAt ?? '')
  const until = Date.now() + (isPatient && age <= YOUNG_MILLISECONDS ? PATIENCE_MILLISECONDS : 0)
  for (;;) {
    const trees = await processesOf(engine, container)
    const state = trees === undefined ? 'works' : stateOf(trees)
    if (state !== 'unclear' || Date.now() >= until) return state === 'waits'
    if ((await isServing?.()) === true) return false
    await sleep(POLL_MILLISECONDS)
  }
}

/** The processes of a running container; undefined where the engine cannot list them. */
export async function processesOf(
  engine: Engine,
  {Id, State}: Pick<ContainerDetails, 'Id' | 'State'>,
): Promise<ProcessTrees | undefined> {
  try {
    return partProcesses(readProcesses(await engine.processTable(Id, PROCESS_COLUMNS)), State.Pid)
  } catch (error) {
    // It has ended meanwhile, or there is no `ps` on the engine's machine.
    if (error instanceof EngineError) return undefined
    throw error
  }
}
