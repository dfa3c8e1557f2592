import type {EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {lossesOf} from '../containers/container-losses.js'
import {filledMemory, filledVolumes} from '../containers/fleeting-data.js'
import {firstFew, lostTexts, NO_LOSSES, type Losses} from '../containers/losses.js'
import {nameOf} from '../../container/container-name.js'

/** What will be stopped. */
export interface ConfirmStopOptions {
  readonly containers: readonly ContainerDetails[]
  /** Name of the tap. */
  readonly tap: string
  readonly dryRun: boolean
}

/**
 * Asks before stopping containers that have data in memory, or that are removed as soon as they end.
 * @throws UsageError `input-missing` if nobody can be asked, FailedError `cancelled`
 */
export async function confirmStop(work: EngineWork, options: ConfirmStopOptions): Promise<void> {
  const {notice, prompt} = work
  const {containers, dryRun, tap} = options
  const found = await Promise.all(
    containers.map(async (container) => {
      const lost = lostTexts(await lostByStop(work, container))
      return lost.length === 0 ? [] : [`${nameOf(container)} loses ${firstFew(lost)}`]
    }),
  )
  const losing = found.flat().map((text) => printable(text))
  if (losing.length === 0) return
  const what = `Once it is stopped, ${losing.join('; ')}.`
  if (dryRun) notice(what)
  else if (!(await prompt.confirm(`${what} Stop the tap ${tap}?`, {flag: '--yes'})))
    throw new FailedError('Nothing was stopped.', {code: 'cancelled', hint: 'Use --yes to skip the question.'})
}

async function lostByStop(work: EngineWork, container: ContainerDetails): Promise<Losses> {
  const {engine, signal} = work
  if (!container.State.Running) return NO_LOSSES
  const memory = await filledMemory(engine, container)
  if (container.HostConfig.AutoRemove !== true) return {...NO_LOSSES, memory}
  const losses = await lossesOf(work, container, [])
  return {...losses, memory, volumes: await filledVolumes(engine, container, signal)}
}
