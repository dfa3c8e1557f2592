import type {Engine} from '../../engine/engine.js'
import {readTar} from '../../tar/read-tar.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {HelperContainer} from '../capture/helper-container.js'
import type {OwnerMap} from '../capture/owner-map.js'
import {placed} from './mount-layer.js'
import {isWithin} from './mount-rules.js'

/** Where a mount belongs in the image. */
export interface Place {
  readonly destination: string
  /** The destination with all symlinks followed. */
  readonly path: string
  /** The folders above it, outermost first, as the container has them. */
  readonly parents: readonly TarHeader[]
  /** Mount points below it. */
  readonly hiddenPaths: readonly string[]
}

/** What the places are found from. */
export interface PlacementOptions {
  readonly engine: Engine
  /** An image of the container's files without its mounts; it must declare no VOLUME, which would be filled for nothing. */
  readonly image: string
  readonly run: string
  /** The mounts that need a place, each with the archive of it, its owners as the container has them. */
  readonly recordings: readonly {readonly destination: string; readonly read: () => AsyncIterable<Buffer>}[]
  /** Of all mounts of the container. */
  readonly allDestinations: readonly string[]
  readonly owners: OwnerMap
}

/** Finds where each mount belongs: symlinks, parent folders and mounts nested in it, in the order outer before inner. */
export async function placeMounts({engine, image, run, ...options}: PlacementOptions): Promise<Place[]> {
  if (options.recordings.length === 0) return []
  await using reader = await HelperContainer.create({engine, image, run})
  const paths = new Map<string, string>()
  for (const destination of options.allDestinations) paths.set(destination, await reader.followLinks(destination))
  const mounts = options.recordings
    .map((recording) => ({...recording, path: paths.get(recording.destination) ?? recording.destination}))
    .sort((left, right) => (left.path < right.path ? -1 : 1))
  const inMounts = await foldersInMounts(mounts)
  const headers = new Map<string, TarHeader | undefined>()
  const places: Place[] = []
  for (const {destination, path} of mounts) {
    const parents: TarHeader[] = []
    for (const parent of parentPaths(path)) {
      const asBytes = textToBytes(parent.slice(1))
      if (!headers.has(parent)) headers.set(parent, inMounts.get(asBytes) ?? (await headerOf(parent, reader, options)))
      const header = headers.get(parent)
      if (header !== undefined) parents.push({...header, path: asBytes})
    }
    const hiddenPaths = [...paths.values()].filter((other) => other !== path && isWithin(other, path))
    places.push({destination, path, parents, hiddenPaths})
  }
  return places
}

/** One folder of the container's own layer, or of its image. */
async function headerOf(
  path: string,
  reader: HelperContainer,
  {owners}: Pick<PlacementOptions, 'owners'>,
): Promise<TarHeader | undefined> {
  const header = await reader.header(path)
  return header && owners.owned(header)
}

interface PlacedArchive {
  readonly path: string
  readonly read: () => AsyncIterable<Buffer>
}

/**
 * The folders above a mount that are in another mount: the container's own layer has none of them, or others.
 * @param mounts outer before inner.
 * @returns the headers by path, as a byte string without its leading slash.
 */
async function foldersInMounts(mounts: readonly PlacedArchive[]): Promise<Map<string, TarHeader>> {
  const found = new Map<string, TarHeader>()
  for (const outer of mounts) {
    const inner = mounts.filter(({path}) => path !== outer.path && isWithin(path, outer.path))
    const above = inner.flatMap(({path}) => parentPaths(path)).filter((path) => isWithin(path, outer.path))
    const wanted = new Set(above.map((path) => textToBytes(path.slice(1))))
    if (wanted.size === 0) continue
    const root = textToBytes(outer.path.slice(1))
    for await (const {header} of readTar(outer.read())) {
      const path = placed(header.path, root)
      if (!wanted.delete(path)) continue
      if (header.type === 'directory') found.set(path, header)
      if (wanted.size === 0) break
    }
  }
  return found
}

/** `/srv/app/data` lies in `/srv` and `/srv/app`. */
function parentPaths(path: string): string[] {
  const names = path.split('/').slice(1, -1)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
