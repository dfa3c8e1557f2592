import type {Engine} from '../engine/engine.js'
import {textToBytes, type TarHeader} from '../tar/tar-header.js'
import {HelperContainer} from './helper-container.js'
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
  /** Of the mounts that need a place. */
  readonly destinations: readonly string[]
  /** Of all mounts of the container. */
  readonly allDestinations: readonly string[]
}

/** Finds where each mount belongs: symlinks, parent folders and mounts nested in it, in the order outer before inner. */
export async function placeMounts({engine, image, run, ...options}: PlacementOptions): Promise<Place[]> {
  if (options.destinations.length === 0) return []
  await using reader = await HelperContainer.create({engine, image, run})
  const paths = new Map<string, string>()
  for (const destination of options.allDestinations) paths.set(destination, await reader.followLinks(destination))
  const headers = new Map<string, TarHeader>()
  const places: Place[] = []
  for (const destination of options.destinations) {
    const path = paths.get(destination) ?? destination
    const parents: TarHeader[] = []
    for (const parent of parentPaths(path)) {
      const header = headers.get(parent) ?? (await reader.header(parent))
      if (header === undefined) continue
      headers.set(parent, header)
      parents.push({...header, path: textToBytes(parent.slice(1))})
    }
    const hiddenPaths = [...paths.values()].filter((other) => other !== path && isWithin(other, path))
    places.push({destination, path, parents, hiddenPaths})
  }
  return places.sort((left, right) => (left.path < right.path ? -1 : 1))
}

/** `/srv/app/data` lies in `/srv` and `/srv/app`. */
function parentPaths(path: string): string[] {
  const names = path.split('/').slice(1, -1)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
