import type {ImageDetails} from '../../engine/types.js'
import type {Steps} from '../history.js'
import {chainIds, platformOf} from '../image.js'
import type {BaseLayer, Descriptor} from '../model.js'
import type {Spool} from '../spool.js'
import type {BlobOptions, StoredImage} from './image-store.js'
import type {KeptLayers} from './kept-layers.js'

/** What a store knows about an image. */
export interface StoredParts {
  readonly details: ImageDetails
  readonly steps: Steps
  readonly kept: KeptLayers
  /** Blobs of the layers, if the store keeps blobs. */
  readonly blobs?: readonly Descriptor[]
  /** The uncompressed tar of a layer in a file. */
  readonly unpack: (file: Spool) => AsyncIterable<Buffer>
  readonly pack: (options: BlobOptions) => ReturnType<StoredImage['blobs']>
}

const EPOCH = new Date(0).toISOString()

/** Builds an image from what a store knows. */
export function storedImage({blobs, details, kept, pack, steps, unpack}: StoredParts): StoredImage {
  const {Labels: labels, ...config} = details.Config ?? {}
  const diffIds = details.RootFS.Layers ?? []
  const chains = chainIds(diffIds)
  const layers = diffIds.map((diffId, index): BaseLayer => {
    const uncompressed = async function* (): AsyncGenerator<Buffer> {
      yield* unpack(await kept.file(diffId))
    }
    return {
      kind: 'base',
      diffId,
      history: steps.layers[index] ?? {created: EPOCH, created_by: ''},
      stored: {chainId: chains[index] ?? diffId, descriptor: blobs?.[index]},
      size: () => sizeOf(uncompressed()),
      uncompressed,
      compressed: undefined,
    }
  })
  return {
    id: details.Id,
    details,
    view: {
      layers,
      config: {created: details.Created ?? EPOCH, ...platformOf(details), config: {...config}},
      labels: labels ?? {},
      emptyHistory: steps.empty,
    },
    keep: (wanted) => kept.keep(wanted),
    blobs: pack,
  }
}

async function sizeOf(tar: AsyncIterable<Buffer>): Promise<number> {
  let size = 0
  for await (const {length} of tar) size += length
  return size
}
