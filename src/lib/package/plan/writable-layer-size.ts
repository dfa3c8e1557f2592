import {posix} from 'node:path'
import {EngineError} from '../../engine/engine-error.js'
import {CHANGE} from '../../engine/types.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'
import {storeTraits} from '../../image/store/store-traits.js'
import {placed} from '../../image/layer/mount-layer.js'
import {destinationsOf} from '../mount/mount-selection.js'
import type {PackageContext} from './package-context.js'
import type {PackagePlan} from './package-plan.js'
import {isWithin, parentPaths} from '../../tar/path.js'

/** What a container's writable layer adds to its package. */
export interface WritableLayerSize {
  readonly bytes: number
  /** Whether nothing changed in the container, so that there is no such layer. */
  readonly isEmpty: boolean
}

/**
 * The engine's size of a writable layer, without what is excluded and without agent files, which are kept if a sync runs that keg
 * does not pause.
 */
export async function writableLayerSize(plan: PackagePlan, context: PackageContext): Promise<WritableLayerSize> {
  const {excluded, listing, source, work} = context
  const {container, findingSyncs} = source
  const {engine} = work
  const changes = await listing
  const whole = (await engine.container(container.Id, {size: true}))?.SizeRw ?? 0
  const syncs = await findingSyncs
  const agentPaths = syncs.isUnknown || syncs.hasActiveUnmanaged ? [] : plan.agentFiles.paths
  const mounts = destinationsOf(container)
  const paths = changes.flatMap(({Kind, Path}) =>
    Kind === CHANGE.deleted || mounts.some((mount) => isWithin(Path, mount)) ? [] : [Path],
  )
  const folders = new Set(paths.map((path) => posix.dirname(path)))
  const isOut = (path: string): boolean => agentPaths.includes(path) || excluded.matches(path, folders.has(path))
  const out = uppermost(paths, isOut)
  const bytes = out.length === 0 ? 0 : await bytesOf(out, new Set(paths), context)
  return {bytes: Math.max(whole - bytes, 0), isEmpty: changes.length === 0}
}

/** The topmost paths for which a condition holds. */
function uppermost(paths: readonly string[], isTrue: (path: string) => boolean): string[] {
  const found = new Set<string>()
  for (const path of [...paths].sort())
    if (!parentPaths(path).some((folder) => found.has(folder)) && isTrue(path)) found.add(path)
  return [...found]
}

/** Above this, paths are not read one by one: reading all files of the container once is faster. */
const MAX_ARCHIVES = 50

/** The size of paths and everything below them, as far as the container changed it. */
async function bytesOf(
  out: readonly string[],
  changed: ReadonlySet<string>,
  {source, work}: PackageContext,
): Promise<number> {
  const {engine, signal} = work
  const {countedBytes} = storeTraits(engine)
  const container = source.container.Id
  let bytes = 0
  if (out.length > MAX_ARCHIVES) {
    const tops = new Set(out)
    for await (const {header} of readTar(await engine.exportContainer(container, signal))) {
      const path = `/${bytesToText(header.path)}`
      if (changed.has(path) && (tops.has(path) || parentPaths(path).some((folder) => tops.has(folder))))
        bytes += countedBytes(header)
    }
    return bytes
  }
  for (const path of out) {
    const root = textToBytes(path.slice(1))
    try {
      for await (const {header} of readTar(await engine.archive(container, path, signal)))
        if (changed.has(`/${bytesToText(placed(header.path, root))}`)) bytes += countedBytes(header)
    } catch (error) {
      // Gone by now.
      if (!(error instanceof EngineError) || error.status !== 404) throw error
    }
  }
  return bytes
}
