import {posix} from 'node:path'
import {EngineError} from '../../engine/engine-error.js'
import type {ImageDetails} from '../../engine/types.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'
import {HelperContainer} from '../../container/helper/helper-container.js'
import {IdMap} from '../../container/helper/id-map.js'
import type {Entry} from '../../image/entry-list.js'
import {entriesOf} from './entry-spool.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Options for reading files. */
export interface BaseEntriesOptions {
  /** The image the container was made from. */
  readonly base: ImageDetails
}

/**
 * Reads single files of an image, for the few that a list of changes cannot tell apart: through a container that is never
 * started, and is removed with the volumes of the image's VOLUMEs.
 * @param paths byte strings without a leading slash
 */
export async function readBaseEntries(
  work: EngineWork,
  {base}: BaseEntriesOptions,
  paths: ReadonlySet<string>,
): Promise<Map<string, Entry>> {
  const owners = await IdMap.of(work, {like: base})
  await using files = await HelperContainer.create(work, {image: base.Id, imageLabels: base.Config?.Labels ?? {}})
  const found = new Map<string, Entry>()
  for (const folder of new Set([...paths].map(readableFolder)))
    for await (const {header, sha256} of entriesBelow(folder, files, work.signal))
      if (paths.has(header.path)) found.set(header.path, {header: await owners.owned(header), sha256})
  return found
}

/** The folder of a path that can be requested from engines: one whose own name is UTF-8. */
function readableFolder(path: string): string {
  const folder = posix.dirname(`/${path}`)
  const name = posix.basename(folder)
  return textToBytes(bytesToText(name)) === name ? folder : readableFolder(folder.slice(1))
}

/** Everything in a folder, by paths from the root; nothing if the folder does not exist. */
async function* entriesBelow(folder: string, files: HelperContainer, signal: AbortSignal): AsyncGenerator<Entry> {
  const above = posix.dirname(folder)
  try {
    for await (const {header, sha256} of entriesOf(files.archive(Buffer.from(folder, 'latin1'), signal)))
      yield {header: {...header, path: posix.join(above, header.path).slice(1)}, sha256}
  } catch (error) {
    if (!(error instanceof EngineError) || error.status !== 404) throw error
  }
}
