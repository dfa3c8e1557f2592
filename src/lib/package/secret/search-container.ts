import {EngineError} from '../../engine/engine-error.js'
import {readTar, type TarEntry} from '../../tar/read-tar.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'
import {placed} from '../../image/layer/mount-layer.js'
import type {SecretSearch} from './secret-search.js'
import type {ContainerChanges} from '../../container/container-changes.js'
import {isWithin} from '../../tar/path.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** An archive of a mount, and where the mount is. */
export interface SearchedMount {
  readonly destination: string
  /** Path on the engine's machine, for binds. */
  readonly source: string | undefined
  /** Whether it is a secret, and so in the package only because the user included it. */
  readonly isSecret: boolean
  readonly read: () => AsyncIterable<Buffer>
}

/**
 * Looks for secrets in a mount, except in what other mounts hide there.
 * @param destinations of all mounts of the container
 */
export async function searchMount(
  search: SecretSearch,
  mount: SearchedMount,
  destinations: readonly string[],
): Promise<void> {
  if (mount.isSecret) return
  const look = mountSearch(search, mount, destinations)
  for await (const entry of readTar(mount.read())) await look(entry)
}

/** As `searchMount`, for code that already reads the archive of the mount. */
export function mountSearch(
  search: SecretSearch,
  {destination, isSecret, source}: Omit<SearchedMount, 'read'>,
  destinations: readonly string[],
): (entry: TarEntry) => Promise<void> {
  const root = textToBytes(destination.slice(1))
  const inner = destinations.filter((other) => other !== destination && isWithin(other, destination))
  return async (entry) => {
    if (isSecret || entry.header.type !== 'file') return
    const path = `/${bytesToText(placed(entry.header.path, root))}`
    if (inner.some((other) => isWithin(path, other))) return
    const atHome = source === undefined ? undefined : `${source}${path.slice(destination.length)}`
    await search.look(entry, path, atHome)
  }
}

/** The writable layer to search. */
export interface SearchedLayer {
  readonly container: string
  readonly destinations: readonly string[]
  readonly changes: ContainerChanges
}

/** Looks for secrets among the files that a container changed. */
export async function searchWritableLayer(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  search: SecretSearch,
  layer: SearchedLayer,
): Promise<void> {
  const {engine, signal} = work
  const {changes, container, destinations} = layer
  for (const key of changes.existing()) {
    const path = `/${bytesToText(key)}`
    if (destinations.some((mount) => isWithin(path, mount)) || !search.wants(path)) continue
    try {
      for await (const entry of readTar(await engine.archive(container, path, signal))) {
        await search.look(entry, path)
        break
      }
    } catch (error) {
      // Gone by now.
      if (!(error instanceof EngineError) || error.status !== 404) throw error
    }
  }
}
