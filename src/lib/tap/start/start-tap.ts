import {offerRecovery} from '../../container/leftover/offer-recovery.js'
import {withLock} from '../../lock/file-lock.js'
import {formatReference} from '../../reference/reference.js'
import type {Work} from '../../work/work.js'
import {readTapModel} from '../compose/tap-model.js'
import {applyStart} from './apply-start.js'
import {askStart} from './confirm-start.js'
import {findExisting} from './container/existing.js'
import {imageOfTap, imagePlanText, obtainTapImage, planImage, plannedImage} from './image/tap-image.js'
import type {StartAnswers, StartContext, StartPlan, StartTapOptions, WantedTap} from './model.js'
import {observeStart} from './observe-start.js'
import {planStart} from './plan-start.js'
import {serveTap} from './serve-tap.js'
import {startContext} from './start-context.js'
import {describeStart, resultOf} from './start-result.js'
import {wantsSync} from './start-sync.js'
import {wantTap} from './want-tap.js'

/**
 * Starts a tap: gets its image, observes the current state, makes a plan and carries it out: containers and the sync of its
 * folder. Then runs its command, calls `ready` once it answers, and in the foreground follows its command to its end. A dry
 * run stops after the plan, which is based on the local image, because the result of a pull or build is unknown. If anything
 * fails or is interrupted before the containers are up, nothing new stays.
 * @returns the exit code: that of its command in the foreground, otherwise 0
 * @throws UsageError before anything is changed; RefusedError `branch-guard`, `container-changed`, `container-foreign`;
 * MissingError; FailedError; the reason of the signal
 */
export async function startTap(work: Work, options: StartTapOptions): Promise<number> {
  const context = await startContext(work, options)
  const {compose, engine, notice, opened, project, warn} = context
  const [tapModel] = await Promise.all([readTapModel(opened, compose), findExisting(context)])
  for (const warning of tapModel.warnings) compose.warn(warning)
  if (!options.dryRun) await offerRecovery(context)
  const reference = imageOfTap(opened, tapModel.model.services[tapModel.service] ?? {})
  const local = await engine.image(formatReference(reference))
  const imagePlan = planImage(context, tapModel, reference, local)
  if (options.dryRun) notice(imagePlanText(imagePlan))
  const image = options.dryRun ? plannedImage(imagePlan) : await obtainTapImage(context, tapModel, imagePlan)
  const wanted = wantTap(context, tapModel, image)
  if (wanted.reach.warning !== undefined) warn(wanted.reach.warning)
  if (options.dryRun) {
    options.ready(await describeStart(context, await plan(context, wanted)))
    return 0
  }
  // Two starts of one tap would conflict.
  const {applied, done} = await withLock(work, {subject: 'start', name: project}, async () => {
    const confirmedPlan = await plan(context, wanted)
    for (const line of confirmedPlan.notices) notice(line)
    return {done: confirmedPlan, applied: await applyStart(context, confirmedPlan)}
  })
  const {container, findOtherFailure, sync} = applied
  return await serveTap(context, {
    container,
    findOtherFailure,
    reach: wanted.reach,
    ready: ({ports, url}) => options.ready(resultOf(context, done, {container, ports, sync, url})),
  })
}

/** Makes the plan, and asks its questions; a dry run does not ask. */
async function plan(context: StartContext, wanted: WantedTap): Promise<StartPlan> {
  const {opened, options, prompt} = context
  const {build, dryRun, force, from, recreate} = options
  const observed = await observeStart(context, wanted)
  const choices = {build, force, recreate, isChosen: from !== undefined, sync: wantsSync(context)}
  let answers: StartAnswers = {}
  for (;;) {
    const made = planStart(wanted, observed, {...choices, answers})
    if (made.question === undefined || dryRun) return made
    answers = {...answers, ...(await askStart(made.question, opened.tap.name, prompt))}
  }
}
