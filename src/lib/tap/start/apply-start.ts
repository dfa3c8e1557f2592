import {FailedError, KegError} from '../../error/keg-error.js'
import {isPortRefusal} from '../../container/run-error.js'
import {portTaken, refusedPorts} from '../../container/port/refused-ports.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import {ensureNetwork} from '../../proxy/network.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {optionalServices, type ComposeModel} from '../../compose/compose-model.js'
import {composeTask} from '../../compose/run-compose.js'
import type {ContainerDetails} from '../../engine/types.js'
import {withDependencyLines} from './container/dependency-lines.js'
import {listProjectResources, rollBack} from './container/project-resources.js'
import {settleServices, type SettledServices} from './container/settle-services.js'
import {buildEnvironment} from './image/build-image.js'
import type {StartContext, StartPlan} from './model.js'
import {placeModel} from './observe-start.js'
import {syncStarted} from './start-sync.js'

/** How many times to choose ports again after somebody else took them. */
const MAX_ATTEMPTS = 5

/** A tap that is running. */
export interface AppliedStart {
  /** The app's container. */
  readonly container: ContainerDetails
  readonly sync: CreateSyncResult | undefined
  /** Checks what is wrong besides the app. */
  readonly findOtherFailure: SettledServices['findOtherFailure']
}

/**
 * Carries out a plan: creates or starts the containers, and syncs the folder. After an error or signal, removes what was
 * created, and leaves existing containers unchanged.
 * @throws FailedError `compose-failed`, `container-ended`, `port-taken`, MissingError `compose-missing`; what syncTap
 * throws; the reason of the signal
 */
export async function applyStart(context: StartContext, plan: StartPlan): Promise<AppliedStart> {
  const {signal} = context
  signal.throwIfAborted()
  const {main, services, undo} = await bringUp(context, plan)
  try {
    const optional = optionalServices(plan.placed.model)
    const {findOtherFailure, main: container} = await settleServices(context, {
      main,
      services,
      optional,
    })
    signal.throwIfAborted()
    const sync = plan.isSynced ? await syncStarted(context, container, plan.container.action) : undefined
    return {container, sync, findOtherFailure}
  } catch (error) {
    if (signal.aborted) await undo()
    throw error
  }
}

/** What was started. */
interface ComposeUpResult {
  /** The app's container. */
  readonly main: ContainerDetails
  readonly services: readonly ContainerDetails[]
  /** Removes what was created for it; nothing if a container was replaced. */
  readonly undo: () => Promise<void>
}

async function bringUp(context: StartContext, plan: StartPlan): Promise<ComposeUpResult> {
  const {engine, notice, opened, project, run, signal} = context
  const {container, existing, steps, wanted} = plan
  if (steps.length === 0 && existing.main !== undefined)
    return {main: existing.main, services: existing.services, undo: () => Promise.resolve()}
  const isKept = container.action === 'keep' || container.action === 'start'
  const refused = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const before = await listProjectResources(engine, project)
    const networks: string[] = []
    try {
      for (const network of wanted.reach.networks) if (await ensureNetwork(engine, network, run)) networks.push(network)
      const {model, moved} = refused.size === 0 ? plan.placed : await placeModel(context, wanted, existing, refused)
      await runSteps(context, steps, {model, isAgain: attempt > 1})
      if (!isKept)
        for (const {from, service, to} of moved)
          notice(`Port ${from} of ${printable(service)} is taken: published at ${to} instead.`)
      const {main, services} = await findTapContainers(engine, opened.tap)
      const undo = async (): Promise<void> => {
        if (container.action === 'recreate') return
        const failed = {project, before, networks, existing: existing.main, keepStarted: false}
        await reportRollBack(context, rollBack(engine, failed))
      }
      if (main !== undefined) return {main, services, undo}
      throw new FailedError(`docker compose created no container ${project}.`, {
        code: 'compose-failed',
        hint: `Show the model that it was given with: ${commandLine`keg tap start ${opened.tap.name} --dry-run --json`}`,
      })
    } catch (error) {
      const ports = portsRefusedToCompose(error)
      const keepStarted = !signal.aborted && ports.length === 0
      const failed = {project, before, networks, existing: existing.main, keepStarted}
      const detailedError = await withDependencyLines(context, error)
      await reportRollBack(context, rollBack(engine, failed))
      if (ports.length === 0 || isKept) throw detailedError
      if (attempt === MAX_ATTEMPTS || ports.every((port) => refused.has(port)))
        throw portTaken(error instanceof Error ? error.message : '', error)
      for (const port of ports) refused.add(port)
    }
  }
}

/** On another attempt with other ports, builds and removals are already done. */
async function runSteps(
  context: StartContext,
  steps: StartPlan['steps'],
  {isAgain, model}: {readonly model: ComposeModel; readonly isAgain: boolean},
): Promise<void> {
  const {compose, engine, progress} = context
  for (const step of steps) {
    const isBuild = step.kind === 'compose' && step.args[0] === 'build'
    if (step.kind === 'remove') await engine.removeContainer(step.container, {force: true})
    else if (!isBuild) await composeTask(compose, {...step, model, progress})
    else if (!isAgain)
      await composeTask({...compose, environment: buildEnvironment(context)}, {...step, model, progress})
  }
}

/** An error while rolling back must not hide that of the start. */
async function reportRollBack(
  {notice, opened: {tap}, warn}: StartContext,
  rollingBack: Promise<string[]>,
): Promise<void> {
  const destroy = commandLine`keg tap destroy ${tap.name}`
  try {
    const left = await rollingBack
    const [first] = left
    if (first !== undefined)
      notice(
        `Kept for its logs: ${printable(left.join(', '))} (${commandLine`docker logs ${first}`}). Remove it with: ${destroy}`,
      )
  } catch (error) {
    const problem = error instanceof Error ? error.message : ''
    warn(`cannot remove what was created (${problem}). Remove it with: ${destroy}`)
  }
}

/** The host ports (`8080/tcp`) that the engine refused to docker compose. */
export function portsRefusedToCompose(error: unknown): string[] {
  const isRefusal = error instanceof KegError && error.code === 'compose-failed' && isPortRefusal(error.message)
  return isRefusal ? refusedPorts(error.message) : []
}
