import {randomUUID} from 'node:crypto'
import {isDeepStrictEqual} from 'node:util'
import {sessionBranch} from '../../branch/sync/branch-guard.js'
import {nameOf} from '../../container/container-name.js'
import {engineEnvironment} from '../../engine/connection-environment.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import type {Work} from '../../work/work.js'
import {applySync, noticeMounts} from './apply-sync.js'
import {createResult, plannedResult, type CreateSyncResult} from './create-result.js'
import type {SyncOptions, SyncWork} from './model.js'
import {observeSync} from './observe-sync.js'
import {planSync} from './plan-sync.js'
import {confirmLosses, NOTHING_LOST} from './replica-losses.js'
import {checkSessionName} from './session-name.js'

/**
 * Syncs a folder of this machine with one in a container, and waits until they are the same: observes the current state,
 * makes a plan, and carries it out. A dry run stops after the plan. Uses an existing sync.
 * @throws the errors of its parts; FailedError `cancelled`
 */
export async function createSync(surrounding: Work | EngineWork, options: SyncOptions): Promise<CreateSyncResult> {
  if (options.name !== undefined) checkSessionName(options.name)
  const connected = await withEngine(surrounding)
  const looking = {...connected, run: randomUUID()}
  const finding = Mutagen.find(engineEnvironment(connected.environment, connected.engine.endpoint))
  finding.catch(() => undefined)
  const {environment, notice, signal} = looking
  let confirmedLosses = NOTHING_LOST
  for (;;) {
    const plan = planSync(await observeSync(looking, options, finding), options)
    const work: SyncWork = {...looking, mutagen: await finding}
    if (options.dryRun) {
      if (plan.session.action !== 'keep') noticeMounts(plan, notice)
      return plannedResult(plan)
    }
    // Does not ask while holding the lock, nor twice for the same losses.
    if (plan.asks && !isDeepStrictEqual(plan.losses, confirmedLosses))
      await confirmLosses(plan.losses, `${plan.remote} of ${nameOf(plan.container)}`, work)
    confirmedLosses = plan.losses
    const session = await applySync(work, plan)
    // A label cannot hold every branch name in full.
    if (session !== undefined)
      return createResult(session, plan.branch ?? (await sessionBranch(session, environment)), plan)
    // Sessions were changed in the meantime.
    signal.throwIfAborted()
  }
}
