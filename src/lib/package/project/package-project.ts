import {allSettledOrThrow} from '../../async/all-settled.js'
import {Cleanup} from '../../async/cleanup.js'
import {Slots} from '../../async/slots.js'
import {offerRecovery} from '../../container/leftover/offer-recovery.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import {UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import type {Prompt} from '../../terminal/prompt.js'
import type {Work} from '../../work/work.js'
import {checkSpoolSpace} from '../capture/spool-space.js'
import type {PackageOptions} from '../package-options.js'
import {checkPlan, confirmPlan} from '../plan/confirm-plan.js'
import {estimatePackage} from '../plan/estimate-package.js'
import {confirmReplacing} from '../target/check-tags.js'
import {
  nameSource,
  openContainer,
  readCurrent,
  type CurrentRepository,
  type SourceNames,
} from '../target/package-source.js'
import {captureServices, type MadeService} from './capture-services.js'
import {findComposeProject} from './find-project.js'
import type {ComposeProject} from './model.js'
import {planServices, type PlannedService} from './plan-services.js'
import {projectResult, type ProjectResult, type ServiceOutcome} from './project-result.js'
import {pushProject, type SentService} from './push-project.js'

/** What to package of a compose project, and how. */
export interface ProjectOptions extends PackageOptions {
  /** Services to leave out. */
  readonly excludedServices: readonly string[]
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

async function estimatedService({context, plan, service}: PlannedService): Promise<ServiceOutcome> {
  await checkPlan(context)
  return {service: service.service, plan, outcome: await estimatePackage(plan, context), digest: undefined}
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
