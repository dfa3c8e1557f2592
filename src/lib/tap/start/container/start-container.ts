import type {ContainerDetails} from '../../../engine/types.js'
import type {CreateSyncResult} from '../../../sync/create/create-result.js'
import {idles} from '../../exec/idles.js'
import {guardChosen} from '../image/from-guard.js'
import {FROM_LABEL, lostPorts, type StartPlan} from '../plan-start.js'
import type {StartContext} from '../start-options.js'
import {syncStarted} from '../start-sync.js'
import {bringUp} from './bring-up.js'
import {findExisting, type ExistingContainers} from './existing.js'
import {changesOf} from './own-changes.js'
import {decide, differencesOf, type Decision} from './recreate.js'
import {stillRunning} from './still-running.js'

/** A container that is up. */
export interface StartedContainer {
  readonly container: ContainerDetails
  readonly decision: Decision
  readonly sync: CreateSyncResult | undefined
}

/**
 * Makes or starts the containers, and syncs the folder where that is wanted. Where a signal comes before that is done, what was
 * made is removed again.
 * @throws RefusedError `branch-guard`, `container-changed`, `container-foreign`; FailedError `container-ended`; what bringUp and
 * syncTap throw
 */
export async function startContainer(
  context: StartContext,
  plan: StartPlan,
  isSynced: boolean,
): Promise<StartedContainer> {
  const {engine, names, opened, options} = context
  const existing = await findExisting(engine, opened, names)
  const decision = await decideFor(context, plan, existing)
  const isToSync = decision.kind === 'start' ? await guardedAsItIs(context, plan, existing, isSynced) : isSynced
  options.signal.throwIfAborted()
  const {main, undo} = await bringUp(context, plan, existing, decision)
  try {
    const container = await stillRunning(context, main)
    options.signal.throwIfAborted()
    return {container, decision, sync: isToSync ? await syncStarted(context, container, decision) : undefined}
  } catch (error) {
    if (options.signal.aborted) await undo()
    throw error
  }
}

/** Whether the folder is synced with a container that goes on as it is, and may be of another image than is meant now. */
async function guardedAsItIs(
  context: StartContext,
  {image}: StartPlan,
  {main}: ExistingContainers,
  isSynced: boolean,
): Promise<boolean> {
  const from = main?.Config.Labels?.[FROM_LABEL]
  if (
    main === undefined ||
    from === undefined ||
    (context.options.from !== undefined && main.Image === image.image?.Id)
  )
    return isSynced
  return guardChosen(context, {image: await context.engine.image(main.Image), name: from}, isSynced)
}

/** Decides what becomes of the container that is there. */
export async function decideFor(context: StartContext, plan: StartPlan, {main}: ExistingContainers): Promise<Decision> {
  const {engine, opened, options} = context
  const differences =
    main === undefined
      ? []
      : differencesOf(main, {
          service: plan.service,
          imageId: plan.image.image?.Id ?? '',
          imageName: plan.image.name,
          settings: plan.settings[plan.service] ?? '',
          lostPorts: await lostPorts(context, main),
          command: await untoldCommand(context, plan, main),
        })
  return decide({
    existing: main,
    differences,
    recreate: options.recreate,
    ownChanges: async () => (main === undefined ? [] : changesOf(engine, main, options.environment, options.signal)),
    tap: opened.tap.name,
    questions: options.questions,
  })
}

/** KEG_EXEC_CMD, where the container that is there has another and does not idle: one that does is told by the exec. */
async function untoldCommand(
  {engine, opened}: StartContext,
  {model, service}: StartPlan,
  main: ContainerDetails,
): Promise<string | undefined> {
  const command = opened.values.text('KEG_EXEC_CMD')
  const environment = model.services[service]?.environment
  const isPassedOn = typeof environment === 'object' && environment !== null && 'KEG_EXEC_CMD' in environment
  if (command === undefined || !isPassedOn || main.Config.Env?.includes(`KEG_EXEC_CMD=${command}`) === true)
    return undefined
  return !main.State.Running || (await idles(engine, main)) ? undefined : command
}
