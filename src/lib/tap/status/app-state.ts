import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {boundPorts} from '../../container/port/bound-ports.js'
import {probePort} from '../../container/port/probe.js'
import {reachableAddress} from '../../container/port/reachable-address.js'
import {isMain} from '../../container/tap/tap-containers.js'
import {isIdle} from '../exec/is-idle.js'
import {isTapCommandRunning} from '../exec/run-tap-command.js'

/** What the app in a container does: `idle` if the container only waits for a command, as after Ctrl-C of a start. */
export type AppState = 'running' | 'idle'

/**
 * Whether the app in a tap's own container runs, whoever started it: as the container's own program, as the image's command
 * by keg, or as anything else that listens at one of its ports.
 * @returns null for a container that does not run, or is not the tap's own
 */
export async function readAppState(
  engine: Engine,
  container: ContainerDetails,
  signal: AbortSignal,
): Promise<AppState | null> {
  const {Paused, Running} = container.State
  if (!isMain(container) || !Running || Paused || isRestarting(container)) return null
  if (!(await isIdle(engine, container, {isPatient: false}))) return 'running'
  if (await isTapCommandRunning(engine, container)) return 'running'
  return (await listens(engine, container, signal)) ? 'running' : 'idle'
}

/**
 * Whether a container restarts over and over, also in the moments in which it runs: docker counts its attempts until it has run
 * for 10 seconds. @param now milliseconds since 1970
 */
export function isRestarting(
  {RestartCount = 0, State}: Pick<ContainerDetails, 'RestartCount' | 'State'>,
  now: number = Date.now(),
): boolean {
  if (State.Restarting) return true
  return State.Running && RestartCount > 0 && now - Date.parse(State.StartedAt ?? '') < STEADY_MILLISECONDS
}

const STEADY_MILLISECONDS = 10_000

async function listens({endpoint}: Engine, container: ContainerDetails, signal: AbortSignal): Promise<boolean> {
  const ports = boundPorts(container, []).filter(({protocol}) => protocol === 'tcp')
  const targets = ports.flatMap((port) => reachableAddress(port, endpoint) ?? [])
  const answers = await Promise.all(targets.map((target) => probePort(target, signal)))
  signal.throwIfAborted()
  return answers.some((answer) => answer !== 'closed')
}
