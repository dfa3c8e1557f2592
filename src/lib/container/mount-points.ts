import {posix} from 'node:path'
import type {ContainerDetails, MountPoint} from '../engine/types.js'

/**
 * All mounts of a container, including those of `--tmpfs`, which engines do not list. Destinations are absolute and
 * normalized; symlinks in them are not followed. Sorted in the engine's mount order: by the number of names in the path
 * (moby, daemon/volumes_unix.go, sortMounts). The order of equals is unknown; two mounts can have the same destination.
 */
export function mountPoints({HostConfig, Mounts}: Pick<ContainerDetails, 'HostConfig' | 'Mounts'>): MountPoint[] {
  const inMemory = Object.keys(HostConfig.Tmpfs ?? {}).map((path) => ({
    Type: 'tmpfs',
    Source: '',
    Destination: path,
    RW: true,
  }))
  return [...Mounts, ...inMemory]
    .map((mount) => ({mount: {...mount, Destination: mountPath(mount.Destination)}, depth: depthOf(mount.Destination)}))
    .sort((left, right) => left.depth - right.depth)
    .map(({mount}) => mount)
}

/** Where engines mount files that they create for each container. */
export const ENGINE_FILES: readonly string[] = ['/etc/resolv.conf', '/etc/hostname', '/etc/hosts']

/**
 * Files that the engine creates for each container and mounts into it, unless the user mounted another one there (moby,
 * container/container_unix.go, NetworkMounts).
 */
export function engineFiles(container: Pick<ContainerDetails, 'HostConfig' | 'Mounts'>): string[] {
  const taken = new Set(mountPoints(container).map(({Destination}) => Destination))
  return ENGINE_FILES.filter((path) => !taken.has(path))
}

/** A mount's destination as a path: an image's `VOLUME data` is mounted at `/data`. */
export function mountPath(destination: string): string {
  return posix.resolve('/', destination)
}

/** Engines count the slashes as given: `data` comes before `/data`. */
function depthOf(destination: string): number {
  return posix.normalize(destination).replace(/\/$/, '').split('/').length
}
