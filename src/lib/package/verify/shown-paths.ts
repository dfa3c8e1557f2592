import {textToBytes} from '../../tar/tar-header.js'
import {PathSet} from '../exclude/excluded-entries.js'
import type {EntrySpool} from './entry-spool.js'
import {LayerShape} from './layer-shape.js'

/**
 * Finds files at or below paths that are visible through all layers of an image. Folders alone do not count: an excluded mount
 * may leave its mount point.
 * @param layers from the bottom; undefined for a layer whose files are unknown
 * @returns byte strings without a leading slash
 */
export async function shownBelow(
  paths: readonly string[],
  layers: readonly (EntrySpool | undefined)[],
): Promise<string[]> {
  const excluded = new PathSet(paths.map((path) => textToBytes(path.slice(1))))
  const shown = new Set<string>()
  if (excluded.size === 0) return []
  for (const entries of layers) {
    const shape = await LayerShape.of(entries)
    for (const path of shown) if (shape.hides(path)) shown.delete(path)
    for await (const {header} of shape.files())
      if (header.type !== 'directory' && excluded.covers(header.path)) shown.add(header.path)
  }
  return [...shown].sort()
}
