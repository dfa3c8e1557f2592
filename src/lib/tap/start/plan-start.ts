import {printable} from '../../terminal/text.js'
import {shownName} from '../../container/container-name.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {ComposeModel} from '../../compose/compose-model.js'
import {SETTINGS_LABEL} from '../compose/settings-digest.js'
import {COMPOSE_LABELS, serviceOf} from '../containers/container-order.js'
import {firstFew, lostPaths, NO_LOSSES} from '../containers/losses.js'
import type {
  CodeOfImage,
  ServicePlan,
  StartChoices,
  StartObservation,
  StartPlan,
  StartQuestion,
  StartStep,
  WantedTap,
} from './model.js'

/** Makes a plan from what is wanted, what was found and the user's choices, and nothing else. */
export function planStart(wanted: WantedTap, observed: StartObservation, choices: StartChoices): StartPlan {
  const {existing, placed} = observed
  const {question, ...container} = planContainer(wanted, observed, choices)
  const services = planServices(wanted, observed, choices)
  const isMade = container.action === 'create' || container.action === 'recreate'
  // Only what will run counts.
  const code = isMade ? observed.chosenCode : (observed.existingCode ?? observed.chosenCode)
  const sync = planSync(code, choices)
  return {
    wanted,
    placed,
    existing,
    container,
    services: services.plans,
    steps: planSteps(wanted, observed, choices, {action: container.action, ...services}),
    isSynced: sync.isSynced,
    notices: [
      ...(container.action === 'recreate' && container.losses.reproducible.length > 0
        ? [
            `Removed with the old container, and created again by itself: ${printable(firstFew(container.losses.reproducible))}.`,
          ]
        : []),
      ...services.notices,
      ...sync.notices,
    ],
    question: question ?? sync.question,
  }
}

/** How a container differs from what would be created now, as text. */
export function differencesOf(
  container: ContainerDetails,
  {image, service, settings}: Pick<WantedTap, 'image' | 'service' | 'settings'>,
  {command, lostNetworks, lostPorts}: Pick<StartObservation, 'command' | 'lostNetworks' | 'lostPorts'>,
): string[] {
  const labels = container.Config.Labels ?? {}
  return [
    ...(container.Image === image.image?.Id ? [] : [`its image is not the current ${image.name}`]),
    ...(labels[COMPOSE_LABELS.service] === service ? [] : [`it does not belong to the service ${service}`]),
    ...(labels[SETTINGS_LABEL] === settings[service] ? [] : ['its settings have changed']),
    ...lostNetworks.map((network) => `its network ${network} is gone`),
    ...lostPorts.map((port) => `something else uses its port ${port}`),
    ...(command === undefined ? [] : [`its command is not ${command}`]),
  ].map((difference) => printable(difference))
}

/** Whether to recreate the app's container: never without asking if its own data would be lost. */
function planContainer(
  wanted: WantedTap,
  observed: StartObservation,
  {answers, recreate}: StartChoices,
): StartPlan['container'] & {readonly question: StartQuestion | undefined} {
  const {existing, losses, lostNetworks} = observed
  const {main} = existing
  const settled = {losses: NO_LOSSES, question: undefined}
  if (main === undefined) return {...settled, action: 'create', reasons: []}
  const differences = differencesOf(main, wanted, observed)
  if (recreate === true)
    return {...settled, action: 'recreate', reasons: differences.length === 0 ? ['--recreate was given'] : differences}
  if (recreate === false || differences.length === 0 || answers.recreate === 'start')
    return {...settled, action: main.State.Running ? 'keep' : 'start', reasons: differences}
  const isOpen = lostPaths(losses).length > 0 && answers.recreate === undefined
  return {
    action: 'recreate',
    reasons: differences,
    losses,
    question: isOpen
      ? {kind: 'recreate', container: main, differences, canStart: lostNetworks.length === 0, losses}
      : undefined,
  }
}

interface PlannedServices {
  readonly plans: readonly ServicePlan[]
  readonly notices: readonly string[]
}

/** Services whose settings changed and that have no data to lose are recreated. */
function planServices(
  {model, service: app}: WantedTap,
  {services}: StartObservation,
  {recreate}: StartChoices,
): PlannedServices {
  const notices: string[] = []
  const known = services.map(({container, isChanged, losses}): ServicePlan => {
    const service = serviceOf(container) ?? ''
    const isLeft = container.State.Running ? 'keep' : 'start'
    if (!isChanged || recreate === false) return {service, action: isLeft, losses}
    if (losses.length === 0 || recreate === true) return {service, action: 'recreate', losses}
    notices.push(
      `Warning: ${shownName(container)} differs from the compose file, and has changes of its own (${printable(firstFew(losses))}): it is only started. Use --recreate to recreate it.`,
    )
    return {service, action: isLeft, losses}
  })
  const missing = Object.keys(model.services).filter(
    (name) => name !== app && known.every(({service}) => service !== name),
  )
  return {plans: [...known, ...missing.map((service) => ({service, action: 'create', losses: []}) as const)], notices}
}

interface PlannedSync {
  readonly isSynced: boolean
  readonly notices: readonly string[]
  readonly question: StartQuestion | undefined
}

/** Lets no sync overwrite another branch's code that the user chose with `--from`, unless they want that. */
function planSync(code: CodeOfImage | undefined, {answers, force, sync}: StartChoices): PlannedSync {
  const plan = {isSynced: sync, notices: [], question: undefined}
  if (code === undefined || code.origin.kind === 'same') return plan
  const {origin} = code
  const name = printable(code.name)
  if (origin.kind === 'other-commit') {
    const [made, here] = [origin.commit, origin.checkedOut].map((commit) => commit.slice(0, 12))
    const what = `Warning: ${name} was made at commit ${made}, and ${here} is checked out`
    return {...plan, notices: [sync ? `${what}: the folder overwrites its code.` : `${what}.`]}
  }
  const what = otherBranchText(name, origin)
  if (!sync || answers.code === 'no-sync')
    return {...plan, isSynced: false, notices: [`${what}: it runs as it is, without a sync.`]}
  if (force || answers.code === 'force')
    return {...plan, notices: [`Warning: ${what}: the folder overwrites its code.`]}
  return {...plan, question: {kind: 'code', name, origin}}
}

/** Whose code an image of another branch has. @param name printable */
export function otherBranchText(
  name: string,
  {branch, checkedOut}: {readonly branch: string; readonly checkedOut: string},
): string {
  return `${name} was made on branch ${printable(branch)}, and ${printable(checkedOut)} is checked out`
}

/** docker compose's command lines. Services are started in dependency order, and recreated only as planned. */
function planSteps(
  {model, service}: WantedTap,
  observed: StartObservation,
  {build, isChosen}: StartChoices,
  {action, plans}: PlannedServices & {readonly action: StartPlan['container']['action']},
): StartStep[] {
  const {existing, isIdle} = observed
  const {main} = existing
  const name = String(model.name)
  const compose = (args: readonly string[], stage: string): StartStep => ({kind: 'compose', args, stage})
  const up = (args: readonly string[], stage: string): StartStep => compose(['up', '--detach', ...args], stage)
  const built = Object.entries(model.services).flatMap(([each, {build: section}]) =>
    section === undefined ? [] : [each],
  )
  const changed = [...new Set(plans.flatMap((plan) => (plan.action === 'recreate' ? [plan.service] : [])))]
  if (!build && changed.length === 0 && action === 'keep' && isUp(model, existing)) return []
  const steps: StartStep[] = []
  // Compose itself only builds missing images.
  if (build && built.length > 0) steps.push(compose(['build', ...built], `Building ${built.join(', ')}`))
  if (changed.length > 0)
    steps.push(up(['--no-deps', '--force-recreate', ...changed], `Recreating ${changed.join(', ')}`))
  if (action === 'recreate') {
    // Compose does not know that a container of another service is replaced, and its name is needed.
    if (main !== undefined && serviceOf(main) !== service) steps.push({kind: 'remove', container: main.Id})
    // Compose also recreates the service's dependencies if it takes them for changed.
    const needed = dependenciesOf(model, service)
    const isFragile = plans.some((plan) => plan.action !== 'recreate' && plan.losses.length > 0)
    const isAlone = isFragile && needed.length > 0
    if (isAlone) steps.push(up(['--no-recreate', ...needed], `Starting ${needed.join(', ')}`))
    const args = [
      ...(isAlone ? ['--no-deps'] : []),
      // A package contains the data of its volumes; compose would keep the previous ones.
      ...(isChosen ? ['--renew-anon-volumes'] : []),
      // An idle container has nothing to end, and mostly ignores the signal.
      ...(isIdle ? ['--timeout', '1'] : []),
    ]
    steps.push(up(['--force-recreate', ...args, service], `Recreating ${name}`))
  }
  if (action !== 'recreate' || Object.keys(model.services).length > 1)
    steps.push(up(['--no-recreate'], `Starting ${name}`))
  return steps
}

/**
 * Whether everything that docker compose would start runs, and is healthy if it has a healthcheck: it would change nothing
 * then.
 */
function isUp({services}: ComposeModel, existing: StartObservation['existing']): boolean {
  const all = [...existing.services, ...(existing.main === undefined ? [] : [existing.main])]
  const isWell = all.every(({State: {Health, Paused, Restarting, Running}}) => {
    const isHealthy = Health == null || Health.Status === 'healthy' || Health.Status === 'none'
    return Running && !Paused && !Restarting && isHealthy
  })
  const names = all.map((container) => serviceOf(container) ?? '')
  const wanted = Object.entries(services)
  return (
    isWell &&
    wanted.every(([name, service]) => isSingle(service) && names.filter((each) => each === name).length === 1) &&
    // Compose warns about others.
    names.every((name) => name in services)
  )
}

function isSingle({deploy, scale}: ComposeModel['services'][string]): boolean {
  const replicas = typeof deploy === 'object' && deploy !== null && 'replicas' in deploy ? deploy.replicas : undefined
  return [scale, replicas].every((count) => count === undefined || count === 1)
}

/** A service's direct dependencies; compose starts theirs. */
function dependenciesOf(model: ComposeModel, service: string): string[] {
  const wanted = model.services[service]?.depends_on
  return typeof wanted === 'object' && wanted !== null ? Object.keys(wanted) : []
}
