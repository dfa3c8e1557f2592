import {allSettledOrThrow} from '../../async/all-settled.js'
import {mountPath} from '../../container/mount-points.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {printable} from '../../terminal/text.js'
import type {PackageOptions} from '../package-options.js'
import {openPackageContext, type PackageContext} from '../plan/package-context.js'
import type {PackagePlan} from '../plan/package-plan.js'
import {planPackage} from '../plan/plan-package.js'
import {openContainer, type PackageSource, type SourceNames} from '../target/package-source.js'
import type {ComposeProject, ProjectContainer} from './model.js'
import {carriedElsewhere, volumeCarriers} from './shared-volumes.js'

/** A service with the plan of its package. */
export interface PlannedService {
  readonly service: ProjectContainer
  readonly context: PackageContext
  readonly plan: PackagePlan
}

/** Plans all services at the same time. */
export async function planServices(
  work: EngineWork,
  {services}: ComposeProject,
  {names, options}: {readonly names: SourceNames; readonly options: PackageOptions},
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
  options: PackageOptions,
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
