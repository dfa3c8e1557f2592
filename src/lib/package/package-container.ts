import {withEngine} from '../engine/engine-work.js'
import {KegError} from '../error/keg-error.js'
import {offerRecovery} from '../container/leftover/offer-recovery.js'
import {prepareCapture, takeCapture} from './capture/capture-package.js'
import {checkSpoolSpace} from './capture/spool-space.js'
import {Cleanup} from '../async/cleanup.js'
import {composePackage} from './compose/compose-package.js'
import {deliverPackage, verifyComposed} from './deliver/deliver-package.js'
import type {PackageOptions} from './package-options.js'
import {packageResult, type PackageResult} from './package-result.js'
import {checkPlan, confirmPlan} from './plan/confirm-plan.js'
import {estimatePackage} from './plan/estimate-package.js'
import {findEarlier, planTarget} from './output/plan-output.js'
import {openPackageContext} from './plan/package-context.js'
import {planPackage} from './plan/plan-package.js'
import {confirmReplacing} from './target/check-tags.js'
import {resolvePackageSource} from './target/package-source.js'
import {commandLine} from '../terminal/command-line.js'
import {StageTimes} from '../terminal/stage-times.js'
import type {Work} from '../work/work.js'

/**
 * Packages a container: finds the container and the names of its package, plans what is packaged, captures that at one moment,
 * composes the image, and delivers it. A dry run ends with the plan. Always removes everything temporary, and resumes everything
 * it paused.
 * @throws the errors of its parts, including RefusedError `sync-unclean` and `verification-failed`; FailedError
 * `layers-too-many`, and `cancelled` when the user says no.
 */
export async function packageContainer(surrounding: Work, options: PackageOptions): Promise<PackageResult> {
  const {dryRun, onPlan} = options
  const inFolder = {folder: options.fileFolder ?? surrounding.folder}
  const target = await planTarget({...surrounding, ...inFolder}, options)
  const connected = await withEngine(surrounding)
  if (!dryRun) await offerRecovery(connected)
  // Remove temporary resources before the result is reported.
  await using cleanup = new Cleanup()
  const times = new StageTimes(connected.progress)
  const work = {...connected, cleanup, progress: times.listen}

  const output = target && {target, since: await findEarlier({...work, ...inFolder}, options)}
  const source = await resolvePackageSource(work, options, output)
  const context = await openPackageContext(work, source, options)
  const plan = await planPackage(context, options)
  onPlan(plan)
  await confirmReplacing(work, plan.replaces, options)
  const {notice, warnings} = work
  if (dryRun) {
    await checkPlan(context)
    return packageResult(plan, {...(await estimatePackage(plan, context)), warnings})
  }
  await confirmPlan(plan, context)
  await checkSpoolSpace([plan])
  const prepared = await prepareCapture(plan, context)
  const capture = await takeCapture(prepared, async (captured) => {
    const composed = await composePackage(plan, captured, context)
    return {composed, verification: await verifyComposed(work, {source, capture: captured, composed})}
  })
  const {composed, verification} = capture.made
  const delivered = await deliverPackage(work, plan, composed)
  await capture.resuming
  // The package is done: a failed cleanup does not change that.
  await cleanup[Symbol.asyncDispose]().catch((problem: unknown) => notice(leftText(problem)))
  const {notCarried, written} = composed
  const excluded = {...plan.excluded, paths: capture.excludedPaths}
  const {pausedMilliseconds, synced} = capture
  return packageResult(
    {...plan, mounts: composed.mounts, writers: context.writers.all, secrets: context.secrets.found, excluded},
    {
      ...{...written, ...delivered, verification, layers: written.layers.length},
      ...{notCarried, pausedMilliseconds, slowest: times.slowest, synced, warnings},
    },
  )
}

function leftText(problem: unknown): string {
  const reason = problem instanceof KegError ? ` (${problem.message})` : ''
  return `Warning: Something temporary is left${reason}. Remove it with: ${commandLine`keg doctor --fix`}`
}
