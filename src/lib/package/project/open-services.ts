import {formatReference, parseReference} from '../../reference/reference.js'
import type {Work} from '../../work/work.js'
import {openPackage, type OpenedPackage, type PackageQuery} from '../open-package.js'
import {openProject} from './open-project.js'

/** A service of a project package. */
export interface OpenedService {
  readonly service: string
  readonly opened: OpenedPackage
}

/** A project package, each of its images opened. */
export interface OpenedProject {
  /** The name that was asked for. */
  readonly reference: string
  /** Of its index. */
  readonly digest: string
  /** Name of the compose project that was packaged. */
  readonly project: string
  /** By name. */
  readonly services: readonly OpenedService[]
}

/**
 * Opens the services of a project, if that is what a query means: engines and registries answer it with the image of the first service.
 * The registry says whether it is the whole project.
 * @param opened what the query found
 * @returns undefined if it is a single image
 * @throws what openProject and openPackage throw
 */
export async function openServices(
  work: Work,
  query: PackageQuery,
  opened: OpenedPackage,
): Promise<OpenedProject | undefined> {
  if (opened.readFrom === 'file' || opened.facts.service === null) return undefined
  const reference = parseReference(opened.reference)
  const engine = opened.readFrom === 'engine' ? opened.work.engine : undefined
  const project = await openProject(work, reference, engine)
  if (project === undefined) return undefined
  const {registry, repository} = reference
  const services = Object.entries(project.model.services).map(async ([service, {image: digest}]) => {
    const own = {...query, reference: formatReference({registry, repository, digest})}
    return {service, opened: await openPackage(work, own)}
  })
  return {
    reference: opened.reference,
    digest: project.digest,
    project: project.model.name,
    services: await Promise.all(services),
  }
}
