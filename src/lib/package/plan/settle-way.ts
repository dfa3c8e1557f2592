import {storeTraits, type StoreTraits} from '../../image/store/store-traits.js'
import {startCheckingTags, type CheckedTags} from '../target/check-tags.js'
import type {PackageWay} from '../target/model.js'
import type {PackageContext} from './package-context.js'

/** What is known of a package once its mounts are measured, in bytes. */
export interface WayCosts {
  /** Of what the container's image has in the engine. */
  readonly imageBytes: number
  /** Of the files in the mounts. */
  readonly mountBytes: number
}

/** A smaller image is exported in no time. */
const MIN_EXPORT_BYTES = 100_000_000

/** What a byte of a mount costs more through the engine, as bytes of an export: decision 19 has the measurements. */
const MOUNT_FACTOR = 4

/**
 * Which way a package goes for which no flag says anything. For the writable layer, keg needs an export of the commit, and some stores
 * export an image only as a whole: then the engine pushes the package if the image is much larger than the mounts.
 */
export function cheaperWay(
  way: PackageWay,
  {exportsWhole}: Pick<StoreTraits, 'exportsWhole'>,
  {imageBytes, mountBytes}: WayCosts,
): PackageWay {
  const isLarge = imageBytes >= MIN_EXPORT_BYTES && imageBytes > MOUNT_FACTOR * mountBytes
  if (way.via !== 'registry' || !exportsWhole || !isLarge) return way
  return {via: 'engine', isLoaded: true, reason: {kind: 'image-larger', bytes: imageBytes}}
}

/**
 * Settles which way a package goes, and what has its names there.
 * @throws what checking the names of the package throws
 */
export async function settleWay(
  {source, work}: Pick<PackageContext, 'source' | 'work'>,
  mountBytes: number,
): Promise<{readonly way: PackageWay; readonly tags: CheckedTags}> {
  const {base, checkingTags, decidedWay, destinations, findingWay, owner, push} = source
  const found = await findingWay
  const costs = {imageBytes: base.Size, mountBytes}
  const way = decidedWay === undefined ? cheaperWay(found, storeTraits(work.engine), costs) : found
  if (way === found) return {way, tags: await checkingTags}
  const {checked} = await startCheckingTags(work, {destinations, owner, push, way})
  return {way, tags: await checked}
}
