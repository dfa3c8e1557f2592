import type {Engine} from '../engine/engine.js'
import type {ImageDetails} from '../engine/types.js'
import {stepOf, stepsFrom} from './history.js'

/** The uncompressed sizes of an image's layers, according to its engine. */
export interface LayerSizes {
  readonly total: number
  /** From the bottom; empty if it is unknown which step made which layer. */
  readonly layers: readonly number[]
}

/**
 * Reads the sizes of an image's layers from an engine. The image's history has the uncompressed sizes in any image store; as the
 * size of an image, a containerd store reports that of the compressed blobs.
 */
export async function layerSizes(
  engine: Pick<Engine, 'imageHistory'>,
  image: Pick<ImageDetails, 'Id' | 'RootFS'>,
): Promise<LayerSizes> {
  const rows = [...(await engine.imageHistory(image.Id))].reverse()
  const entries = rows.map((row) => ({row, history: stepOf(row), empty: row.Size > 0 ? false : undefined}))
  const {layers} = stepsFrom(entries, (image.RootFS.Layers ?? []).length)
  const sizeOf = new Map(entries.map(({history, row}) => [history, row.Size]))
  return {
    total: rows.reduce((sum, {Size: size}) => sum + size, 0),
    layers: layers.map((step) => sizeOf.get(step) ?? 0),
  }
}
