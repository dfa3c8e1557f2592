import {mountPoints} from '../../container/mount-points.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {ContainerFiles} from './container-files.js'
import {below} from '../../tar/path.js'

/** A mount in a container below the synced folder. */
export interface MountBelow {
  /** The mount point without symlinks, below the synced folder. */
  readonly path: string
  /** `volume`, `bind`, `tmpfs` ... as the engine names it. */
  readonly type: string
}

/**
 * The mounts below a folder of a container. Mutagen stops at a mount point ("scan crossed filesystem boundary"), and such a
 * sync is never clean. Mounts inside other mounts are not listed.
 * @param remote the folder, without a symlink at its end
 */
export async function mountsBelow(
  container: Pick<ContainerDetails, 'HostConfig' | 'Mounts'>,
  remote: string,
  files: Pick<ContainerFiles, 'realPath'>,
): Promise<readonly MountBelow[]> {
  const mounts = mountPoints(container)
  if (mounts.length === 0) return []
  const [root, ...places] = await Promise.all([
    files.realPath(remote),
    ...mounts.map(({Destination}) => files.realPath(Destination)),
  ])
  const found = mounts
    .map(({Type}, index) => ({path: below(root, places[index] ?? '/') ?? '', type: Type}))
    .filter(({path}) => path !== '')
    .sort((left, right) => (left.path < right.path ? -1 : 1))
  // Of two at the same path, the last one hides the other.
  return found.filter(
    ({path}, index) =>
      path !== found[index + 1]?.path &&
      found.every((other) => other.path === path || below(other.path, path) === undefined),
  )
}
