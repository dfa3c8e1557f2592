import {setTimeout as sleep} from 'node:timers/promises'
import {EngineError} from '../../engine/engine-error.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {partProcesses, PROCESS_COLUMNS, readProcesses, type ProcessTrees} from './process-tree.js'
import {classifyProcesses} from './classify-process.js'

/** How long a container that just started may take to become idle: its run script is still running. */
const TIMEOUT_MILLISECONDS = 2000
const POLL_MILLISECONDS = 100
/** The state of an older one is clear at once. */
const YOUNG_MILLISECONDS = 60_000

/** How to check a container that may still become idle. */
export interface IdleOptions {
  /** False checks only the current state. Default: true. */
  readonly isPatient?: boolean
  /** Whether there is other evidence that it is active, such as a port that answers. */
  readonly isServing?: () => Promise<boolean>
}

/**
 * Whether a running container only waits for commands: all of its own processes are idle (`tail -f /dev/null`, `sleep
 * infinity`, a shell whose child is). Processes started by exec do not count. One that just started, and still runs its run
 * script, gets two seconds.
 * @returns false also if the engine cannot list its processes
 */
export async function isIdle(
  engine: Engine,
  container: ContainerDetails,
  {isPatient = true, isServing}: IdleOptions = {},
): Promise<boolean> {
  const age = Date.now() - Date.parse(container.State.StartedAt ?? '')
  const until = Date.now() + (isPatient && age <= YOUNG_MILLISECONDS ? TIMEOUT_MILLISECONDS : 0)
  for (;;) {
    const trees = await processesOf(engine, container)
    const state = trees === undefined ? 'active' : classifyProcesses(trees)
    if (state !== 'unclear' || Date.now() >= until) return state === 'idle'
    if ((await isServing?.()) === true) return false
    await sleep(POLL_MILLISECONDS)
  }
}

/** The processes of a running container; undefined if the engine cannot list them. */
export async function processesOf(
  engine: Engine,
  {Id, State}: Pick<ContainerDetails, 'Id' | 'State'>,
): Promise<ProcessTrees | undefined> {
  try {
    return partProcesses(readProcesses(await engine.processTable(Id, PROCESS_COLUMNS)), State.Pid)
  } catch (error) {
    // It ended in the meantime, or the engine's machine has no `ps`.
    if (error instanceof EngineError) return undefined
    throw error
  }
}
