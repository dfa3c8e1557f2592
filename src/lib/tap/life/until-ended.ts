import {setTimeout as sleep} from 'node:timers/promises'
import type {ContainerDetails} from '../../engine/types.js'
import {containerEnded} from '../start/container/container-ended.js'
import type {StartContext} from '../start/model.js'
import {shownName} from '../../container/container-name.js'

const POLL_MILLISECONDS = 200

/**
 * Waits until a service completes that others start after, as long as it runs.
 * @throws FailedError `container-ended` if it fails; the reason of the signal
 */
export async function untilEnded(
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
  context: StartContext,
): Promise<void> {
  const {engine, progress, signal} = context
  const stage = `Waiting for ${shownName(container)} to end`
  for (;;) {
    signal.throwIfAborted()
    const details = await engine.container(container.Id)
    const {ExitCode, Restarting, Running} = details?.State ?? {}
    if (Running !== true && ExitCode === 0) break
    if (Running !== true || Restarting === true) throw await containerEnded(context, container, details)
    progress({stage, state: 'running'})
    await sleep(POLL_MILLISECONDS, undefined, {signal})
  }
  progress({stage, state: 'done'})
}
