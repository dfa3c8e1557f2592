import {Cleanup} from '../../async/cleanup.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {Slots} from '../../async/slots.js'
import {offerRecovery} from '../../container/leftover/offer-recovery.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import {UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import type {Prompt} from '../../terminal/prompt.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {prepareCapture, takeCapture, type PreparedCapture} from '../capture/capture-package.js'
import {ContainerLock} from '../capture/container-lock.js'
import {holdStill} from '../capture/hold-still.js'
import {Moment} from '../capture/moment.js'
import {checkSpoolSpace} from '../capture/spool-space.js'
import {composePackage, type ComposedPackage} from '../compose/compose-package.js'
import {verifyComposed} from '../deliver/deliver-package.js'
import {mountPath} from '../../container/mount-points.js'
import type {PackageOptions} from '../package-options.js'
import type {PackageOutcome} from '../package-result.js'
import {checkPlan, confirmPlan} from '../plan/confirm-plan.js'
import {estimatePackage} from '../plan/estimate-package.js'
import {openPackageContext, type PackageContext} from '../plan/package-context.js'
import type {PackagePlan} from '../plan/package-plan.js'
import {planPackage} from '../plan/plan-package.js'
import {confirmReplacing} from '../target/check-tags.js'
import {
  nameSource,
  openContainer,
  readCurrent,
  type CurrentRepository,
  type PackageSource,
  type SourceNames,
} from '../target/package-source.js'
import {findComposeProject} from './find-project.js'
import type {ComposeProject, ProjectContainer} from './model.js'
import {projectResult, type ProjectResult, type ServiceOutcome} from './project-result.js'
import {pushProject, type SentService} from './push-project.js'
import {carriedElsewhere, volumeCarriers} from './shared-volumes.js'

/** What to package of a compose project, and how. */
export interface ProjectOptions extends PackageOptions {
  /** Services to leave out. */
  readonly excludedServices: readonly string[]
}

/** A service with the plan of its package. */
interface PlannedService {
  readonly service: ProjectContainer
  readonly context: PackageContext
  readonly plan: PackagePlan
}

/**
 * Packages all containers of a compose project as they are at one moment: an image for each service, and an index of them under one
 * name, pushed straight into its registry. The parts are those of `packageContainer`. A dry run ends with the plans.
 * @throws what those parts and findComposeProject throw; UsageError `registry-missing`, `project-way`
 */
export async function packageProject(surrounding: Work, options: ProjectOptions): Promise<ProjectResult> {
  checkWay(options)
  const connected = await withEngine(surrounding)
  if (!options.dryRun) await offerRecovery(connected)
  // Remove temporary resources before the result is reported.
  await using cleanup = new Cleanup()
  const stop = new AbortController()
  const signal = AbortSignal.any([connected.signal, stop.signal])
  const work = {...connected, cleanup, signal, prompt: oneAtATime(connected.prompt)}
  const current = await readCurrent(work)
  const {excludedServices: excluded, target} = options
  const project = await findComposeProject(work, {target, repository: current.repository, excluded})
  const names = await nameProject(work, project, current, options)
  const planned = await planServices(work, project, {names, options})
  const {taken: replaces, warnings} = await names.checkingTags
  for (const warning of warnings) work.warn(warning)
  for (const {plan} of planned) options.onPlan({...plan, replaces})
  await confirmReplacing(work, replaces, options)
  const known = {project: project.name, names, replaces, warnings: work.warnings}
  if (options.dryRun) {
    const services = await allSettledOrThrow(planned.map(estimatedService))
    return projectResult({...known, services, digests: undefined, spreadMilliseconds: 0})
  }
  for (const {context, plan} of planned) await confirmPlan(plan, context)
  await checkSpoolSpace(planned.map(({plan}) => plan))
  const {made, spreadMilliseconds} = await captureServices(work, planned, stop)
  const digests = await pushProject(work, {
    project,
    services: made.map(sentService),
    names: names.destinations.map(({reference}) => reference),
    annotations: annotationsOf(names),
  })
  // The package is done: a failed cleanup does not change that.
  await cleanup[Symbol.asyncDispose]().catch(() =>
    work.notice(`Warning: Something temporary is left. Remove it with: ${commandLine`keg doctor --fix`}`),
  )
  return projectResult({...known, services: made.map(({outcome}) => outcome), digests, spreadMilliseconds})
}

/** @throws UsageError `project-way` */
function checkWay({load, output, via}: PackageOptions): void {
  const flag = via === 'engine' ? '--via engine' : load ? '--load' : output === undefined ? undefined : '--output'
  if (flag === undefined) return
  throw new UsageError(`A compose project goes straight into its registry: ${flag} is not possible.`, {
    code: 'project-way',
    hint: `Omit ${flag}, or package one container with it.`,
  })
}

/** The git state of the project, and the names of its package: the project's own name, if no other is given. */
async function nameProject(
  work: EngineWork,
  {name, services}: ComposeProject,
  current: CurrentRepository,
  options: ProjectOptions,
): Promise<SourceNames> {
  const [first] = services
  if (first === undefined) throw new Error('a project without services')
  const source = await openContainer(work, first.container, options)
  const named = {...options, name: options.name ?? name, via: 'registry' as const, ownerName: name}
  const names = await nameSource(work, {...source, current}, named, undefined)
  if (names.push && names.destinations.every(({remote}) => remote)) return names
  throw new UsageError('A compose project is pushed into a registry, and none is set.', {
    code: 'registry-missing',
    hint: 'Set one with --registry HOST[:PORT][/NAMESPACE], KEG_REGISTRY or the setting registry.',
  })
}

/** Plans all services at the same time. */
async function planServices(
  work: EngineWork,
  {services}: ComposeProject,
  {names, options}: {readonly names: SourceNames; readonly options: ProjectOptions},
): Promise<readonly PlannedService[]> {
  const carriers = volumeCarriers(services)
  const containers = new Set(services.flatMap(({container, replicas}) => [container, ...replicas].map(({Id}) => Id)))
  // They are checked once for all.
  const own = {...names, checkingTags: Promise.resolve({taken: [], warnings: []})}
  return allSettledOrThrow(
    services.map(async (service) => {
      const carriedBy = carriedElsewhere(service, carriers)
      const part = {service: service.service, names: own, containers, carriedBy}
      const ownOptions = {...optionsFor(service, services, options), part}
      const ownWork = workOf(work, service)
      const source: PackageSource = {
        ...(await openContainer(ownWork, service.container, options)),
        ...own,
        output: undefined,
        service: service.service,
      }
      const context = await openPackageContext(ownWork, source, ownOptions)
      return {service, context, plan: await planPackage(context, ownOptions)}
    }),
  )
}

/** The options for one service: those that name mounts concern the services that have them. */
function optionsFor(
  {container}: ProjectContainer,
  services: readonly ProjectContainer[],
  options: ProjectOptions,
): PackageOptions {
  const has = ({Mounts}: ProjectContainer['container'], path: string): boolean =>
    Mounts.some(({Destination}) => mountPath(Destination) === mountPath(path))
  // A path that no service has is an error in each.
  const concerns = (path: string): boolean =>
    has(container, path) || !services.some((each) => has(each.container, path))
  const {exclude, include, policy} = options.mounts
  return {...options, mounts: {policy, exclude: exclude.filter(concerns), include: include.filter(concerns)}}
}

/** What is shown and warned of names the service. */
function workOf(work: EngineWork, {service}: ProjectContainer): EngineWork {
  const prefix = `${printable(service)}: `
  return {
    ...work,
    progress: (event) => work.progress({...event, stage: prefix + event.stage}),
    notice: (line) => work.notice(prefix + line),
    warn: (text) => work.warn(prefix + text),
  }
}

/** Asks one question at a time, whoever asks. */
function oneAtATime(prompt: Prompt): Prompt {
  const turn = new Slots(1)
  return {
    isInteractive: prompt.isInteractive,
    confirm: (...parameters) => turn.run(() => prompt.confirm(...parameters)),
    choose: (question, choices, options) => turn.run(() => prompt.choose(question, choices, options)),
    text: (...parameters) => turn.run(() => prompt.text(...parameters)),
  }
}

async function estimatedService({context, plan, service}: PlannedService): Promise<ServiceOutcome> {
  await checkPlan(context)
  return {service: service.service, plan, outcome: await estimatePackage(plan, context), digest: undefined}
}

/** A service whose image was sent. */
interface MadeService {
  readonly base: PackageSource['base']
  readonly composed: ComposedPackage
  readonly outcome: ServiceOutcome
}

/**
 * Captures all services at one moment, and sends their images, one after the other: each uses all processors by itself.
 * @param stop ends all of them when one has failed
 */
async function captureServices(
  work: EngineWork,
  planned: readonly PlannedService[],
  stop: AbortController,
): Promise<{readonly made: readonly MadeService[]; readonly spreadMilliseconds: number}> {
  const replicas = planned.flatMap(({service}) => service.replicas)
  const moment = new Moment(planned.length + replicas.length, work.signal)
  const prepared = await prepareAll(work, planned)
  const sending = new Slots(1)
  const running = [
    ...prepared.map(async ({capture, context, plan, service}) =>
      makeService({service, context, plan}, capture, {moment, sending}),
    ),
    ...replicas.map((container) => holdStill(work, container, moment).then(() => undefined)),
  ]
  for (const each of running) each.catch((error: unknown) => stop.abort(error))
  const made = (await allSettledOrThrow(running)).filter((each) => each !== undefined)
  return {made, spreadMilliseconds: moment.spreadMilliseconds}
}

/** Locks all containers in the order of their ids, so that no two kegs wait for each other. */
async function prepareAll(
  work: EngineWork,
  planned: readonly PlannedService[],
): Promise<readonly (PlannedService & {readonly capture: PreparedCapture})[]> {
  const prepared: (PlannedService & {readonly capture: PreparedCapture})[] = []
  const steps = planned.flatMap((each) => [
    {
      id: each.service.container.Id,
      run: async () => {
        prepared.push({...each, capture: await prepareCapture(each.plan, each.context)})
      },
    },
    ...each.service.replicas.map((container) => ({
      id: container.Id,
      run: async () => {
        const sessions = (): Promise<readonly string[]> => Promise.resolve([])
        work.cleanup.use(await ContainerLock.take(work, {container, image: each.context.emptyImage.id, sessions}))
      },
    })),
  ])
  for (const {run} of steps.sort((one, other) => (one.id < other.id ? -1 : 1))) await run()
  return planned.flatMap(({service}) => prepared.filter((each) => each.service === service))
}

async function makeService(
  {context, plan, service}: PlannedService,
  prepared: PreparedCapture,
  {moment, sending}: {readonly moment: Moment; readonly sending: Slots},
): Promise<MadeService> {
  const {source, work, writers} = context
  const capture = await takeCapture(
    prepared,
    (captured) =>
      sending.run(async () => {
        work.signal.throwIfAborted()
        const composed = await composePackage(plan, captured, context)
        return {composed, verification: await verifyComposed(work, {source, capture: captured, composed})}
      }),
    moment,
  )
  await capture.resuming
  const {composed, verification} = capture.made
  const {pausedMilliseconds, synced} = capture
  const outcome: PackageOutcome = {
    ...{...composed.written, verification, layers: composed.written.layers.length},
    ...{notCarried: composed.notCarried, pausedMilliseconds, synced},
  }
  const excluded = {...plan.excluded, paths: capture.excludedPaths}
  const found = {mounts: composed.mounts, writers: writers.all, secrets: context.secrets.found, excluded}
  const digest = composed.written.sent?.digest
  return {
    base: source.base,
    composed,
    outcome: {service: service.service, plan: {...plan, ...found}, outcome, digest},
  }
}

function sentService({base, composed, outcome}: MadeService): SentService {
  const {sent} = composed.written
  if (sent === undefined) throw new Error('an image that was not sent')
  return {service: outcome.service, sent, base}
}

/** Of the index (OCI image-spec 1.1, annotations.md). */
function annotationsOf({destinations, project}: SourceNames): Readonly<Record<string, string>> {
  const known = {
    'org.opencontainers.image.created': new Date().toISOString(),
    'org.opencontainers.image.source': project.repository?.remote,
    'org.opencontainers.image.revision': project.commit,
    'org.opencontainers.image.version': destinations[0].reference.tag,
    'com.keg.package.branch': project.branch,
  }
  return Object.fromEntries(Object.entries(known).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
