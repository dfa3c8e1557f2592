import {textToBytes} from '../../tar/tar-header.js'
import {changeKey} from '../../container/container-changes.js'
import {Cleanup} from '../../async/cleanup.js'
import {placed} from '../../image/layer/mount-layer.js'
import {excludedIn, PathSet, withoutExcluded} from './excluded-entries.js'
import {recordWithout} from './excluded-record.js'
import {CommittedFiles} from './committed-files.js'
import {PathPatterns} from './path-patterns.js'
import type {ExcludeOptions, ExcludedCapture} from './model.js'
import type {EngineWork} from '../../engine/engine-work.js'

/**
 * Removes what is excluded from a capture: from the recordings of mounts while they are read; and from the container's own files
 * with another temporary image, whose last layer does not have it, and deletes what the container's image has of it.
 */
export async function excludeFrom(work: EngineWork, options: ExcludeOptions): Promise<ExcludedCapture> {
  const {signal} = work
  const {capture, commit, patterns} = options
  const {changes, writableLayerRecord, recordings} = capture
  const cleanup = new Cleanup()
  const dispose = {[Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]()}
  const unchanged = {
    commit,
    changes,
    writableLayerRecord,
    recordings,
    paths: [],
    links: new Map<string, string>(),
    ...dispose,
  }
  if (patterns.isEmpty) return unchanged
  await using files = await CommittedFiles.open(work, options)
  const links = await files.followLinks(patterns)
  const resolved = patterns.with(new PathPatterns([], [...links.values()]))
  const mounts: {excluded: PathSet; read: () => AsyncIterable<Buffer>}[] = []
  for (const [index, recording] of recordings.entries()) {
    const root = textToBytes((options.recorded[index] ?? '').slice(1))
    const place = (path: string): string => placed(path, root)
    const read = (): AsyncIterable<Buffer> => recording.read()
    const excluded = new PathSet(await excludedIn(read(), place, resolved))
    mounts.push({excluded, read: excluded.size === 0 ? read : () => withoutExcluded(read, place, excluded)})
  }
  const excludedPaths = new PathSet(await files.excluded(resolved))
  const paths = [...new Set([...excludedPaths.texts, ...mounts.flatMap(({excluded}) => excluded.texts)])].sort()
  const parts = {...unchanged, recordings: mounts.map(({read}) => ({read})), paths, links}
  if (excludedPaths.size === 0) return parts
  const deleted = [...excludedPaths].filter((path) => !changes.isNew(changeKey(path)))
  try {
    const written = await files.commitWithout(excludedPaths, deleted, {cleanup, signal})
    cleanup.add(() => work.engine.removeImage(written.id))
    const remainingChanges = changes.afterDeleting((key) => excludedPaths.covers(key), deleted.map(changeKey))
    const remainingRecord =
      writableLayerRecord && cleanup.use(await recordWithout(writableLayerRecord, excludedPaths, remainingChanges))
    return {...parts, commit: written, changes: remainingChanges, writableLayerRecord: remainingRecord}
  } catch (error) {
    await cleanup[Symbol.asyncDispose]()
    throw error
  }
}
