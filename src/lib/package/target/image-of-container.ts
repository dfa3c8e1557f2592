import {realpath} from 'node:fs/promises'
import {basename} from 'node:path'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {cleanImageName} from '../../reference/image-name.js'
import type {RepositoryPath} from '../../reference/reference.js'
import {composeServiceOf} from './compose-service.js'
import {nameOf} from '../../container/container-name.js'
import type {Project} from './model.js'
import {isWithin} from '../../tar/path.js'

/** What the image of a container is named after, if no name is given. */
export interface ContainerImageOptions {
  readonly container: ContainerDetails
  /** The image it was made from. */
  readonly base: ImageDetails
  readonly project: Project
  /** The image name of the tap that the container belongs to. */
  readonly tapImage: string | undefined
  /** Folders of this machine that are synced into the container; only called if needed. */
  readonly syncedFolders: () => Promise<readonly string[]>
}

/**
 * The name for the package image of a container: its tap's, else compose's `PROJECT-SERVICE` (as compose names what it builds),
 * else the repository's, else the container's own. A container that just happens to be packaged from a folder does not belong to
 * the repository there: two of them would get one name.
 */
export async function imageOfContainer(options: ContainerImageOptions): Promise<RepositoryPath> {
  const {base, container, project, tapImage} = options
  if (tapImage !== undefined) return cleanImageName(tapImage)
  const service = composeServiceOf(container, base)
  if (service !== undefined)
    return cleanImageName([service.project, service.name].filter((part) => part !== undefined).join('-'))
  const {repository} = project
  if (repository !== undefined && (await belongsToProject(options))) return cleanImageName(basename(repository.folder))
  return cleanImageName(nameOf(container))
}

/** Whether a container has a label with the project's folder, a bind of it, or a sync from it. */
async function belongsToProject({container, project, syncedFolders}: ContainerImageOptions): Promise<boolean> {
  if (project.origin === 'container') return true
  const tops = await bothForms([project.repository?.folder, project.folder])
  const isInside = (folder: string): boolean => tops.some((top) => isWithin(folder, top))
  const binds = container.Mounts.flatMap(({Source, Type}) => (Type === 'bind' && Source ? [Source] : []))
  if (binds.some(isInside)) return true
  return (await bothForms(await syncedFolders())).some(isInside)
}

/** Folders as written, and as real paths. */
async function bothForms(folders: readonly (string | undefined)[]): Promise<readonly string[]> {
  const given = folders.filter((folder) => folder !== undefined)
  const real = await Promise.all(given.map((folder) => realpath(folder).catch(() => folder)))
  return [...new Set([...given, ...real])]
}
