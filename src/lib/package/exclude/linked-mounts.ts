import type {ContainerDetails} from '../../engine/types.js'
import {EngineError} from '../../engine/engine-error.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {mountPoints} from '../../container/mount-points.js'
import {entryIn, resolveDirectory} from '../../container/resolve-directory.js'
import {readKernelMounts} from '../mount/kernel-mounts.js'
import {findKnownMounts} from '../mount/known-mounts.js'
import type {LinkedMount} from './path-patterns.js'

/** Finds the mounts of a container that are behind a symlink: what is in them has two paths, and users may give either. */
export async function findLinkedMounts(
  {engine}: Pick<EngineWork, 'engine'>,
  container: ContainerDetails,
): Promise<LinkedMount[]> {
  const mounts = findKnownMounts(mountPoints(container), await readKernelMounts(container))
  const places = await Promise.all(
    mounts.map(async ({Destination, knownPath}) => ({
      destination: Destination,
      path: knownPath ?? (await realPath(engine, container.Id, Destination)),
    })),
  )
  return places.filter(({destination, path}) => path !== destination)
}

async function realPath(engine: EngineWork['engine'], container: string, destination: string): Promise<string> {
  try {
    return (await resolveDirectory(destination, (path) => entryIn(engine, container, path))).path
  } catch (error) {
    // Engine 28 reads nothing from a container with a mount behind an absolute symlink.
    if (error instanceof EngineError) return destination
    throw error
  }
}
