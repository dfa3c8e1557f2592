import {Cleanup} from '../../async/cleanup.js'
import {CHANGE} from '../../engine/types.js'
import {ImageFiles} from '../../container/helper/image-files.js'
import {imageStoreOf} from '../../image/store/store-of-engine.js'
import {destinationsOf} from '../mount/mount-selection.js'
import {hiddenBy} from '../mount/place-mounts.js'
import type {PackageContext} from './package-context.js'
import {isWithin} from '../../tar/path.js'

/**
 * Finds mounts that are left out but hide some of the container's own files: each gets an empty layer, so that the package does
 * not show what the container does not see.
 * @returns their paths
 */
export async function findHidingMounts(context: PackageContext): Promise<string[]> {
  const {listing, mounts, source, work} = context
  const {engine, signal} = work
  const all = destinationsOf(source.container)
  const out = mounts.flatMap(({destination, knownPath, excluded}) =>
    excluded !== undefined && !all.some((other) => other !== destination && isWithin(destination, other))
      ? [knownPath ?? destination]
      : [],
  )
  if (out.length === 0) return []
  const changes = await listing
  const isChanged = (path: string): boolean =>
    changes.some(({Kind, Path}) => Kind !== CHANGE.deleted && Path !== path && isWithin(Path, path))
  const unchanged = out.filter((path) => !isChanged(path))
  if (unchanged.length === 0) return out
  const {base} = source
  await using cleanup = new Cleanup()
  await using files = new ImageFiles(work, {
    id: base.Id,
    labels: base.Config?.Labels ?? {},
    hasVolumes: Object.keys(base.Config?.Volumes ?? {}).length > 0,
    like: base,
    layers: async () => (await imageStoreOf(engine).open(base, {cleanup, signal})).view.layers,
  })
  const reader = await files.container()
  const hiding: string[] = []
  for (const path of unchanged) if ((await hiddenBy(path, reader)) !== undefined) hiding.push(path)
  return [...out.filter(isChanged), ...hiding]
}
