import {inTurn} from '../../config/turn.js'
import {offerToFree} from '../../maintenance/offer-to-free.js'
import {readTapModel} from '../compose/tap-model.js'
import {findExisting} from './container/existing.js'
import {startContainer} from './container/start-container.js'
import {guardChosen} from './image/from-guard.js'
import {obtainTapImage} from './image/tap-image.js'
import {planStart} from './plan-start.js'
import {serveTap} from './serve-tap.js'
import {startContext} from './start-context.js'
import type {StartTapOptions} from './start-options.js'
import {describeStart, resultOf} from './start-result.js'
import {wantsSync} from './start-sync.js'

/**
 * Starts a tap: its image, its containers, the sync of its folder and its command; calls `ready` once it answers, and in the
 * foreground follows its command to its end. Whatever fails or is interrupted before its containers are up, nothing stays that
 * was not there before.
 * @returns the exit code: that of its command in the foreground, else 0
 * @throws UsageError before anything is changed; RefusedError `branch-guard`, `container-changed`, `container-foreign`;
 * MissingError; FailedError; the reason of the signal
 */
export async function startTap(options: StartTapOptions): Promise<number> {
  const context = await startContext(options)
  await using engine = context.engine
  const {opened, names} = context
  await findExisting(engine, opened, names)
  const tapModel = await readTapModel(opened, context.compose)
  for (const warning of tapModel.warnings) options.say(`Warning: ${warning}`)
  if (!options.dryRun) await offerToFree({...options, engine})
  const image = await obtainTapImage(context, tapModel)
  const isWanted = wantsSync(context)
  const isSynced = options.from === undefined ? isWanted : await guardChosen(context, image, isWanted)
  const plan = planStart(context, tapModel, image)
  if (plan.reach.warning !== undefined) options.say(`Warning: ${plan.reach.warning}`)
  if (options.dryRun) return await describeStart(context, plan)
  // What two starts of one tap make would be in each other's way.
  const turn = {environment: options.environment, signal: options.signal, name: names.project}
  const {container, decision, sync} = await inTurn('start', turn, async () => startContainer(context, plan, isSynced))
  return await serveTap(context, {
    container,
    reach: plan.reach,
    ready: ({ports, url}) => options.ready(resultOf(context, plan, decision, {container, ports, sync, url})),
  })
}
