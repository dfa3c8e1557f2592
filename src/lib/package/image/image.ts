import {sha256Digest} from '../bytes.js'

/**
 * An image as keg writes it: layers from bottom to top and a configuration of its own. Formats: the OCI image-spec 1.1
 * (config.md, manifest.md, layer.md) and Docker's image specification v1.2, which share all that is used here.
 */
export interface Image {
  readonly layers: readonly ImageLayer[]
  readonly config: ImageConfig
  /** Steps that made no layer, such as ENV, with their place among the layers: before layer `index`. */
  readonly emptyHistory: readonly {readonly index: number; readonly history: HistoryEntry}[]
}

/** A layer, by the digest of its uncompressed tar, and where its content comes from. */
export interface ImageLayer {
  readonly diffId: string
  readonly history: HistoryEntry
  readonly content: StoredContent | TarContent
}

/** The engine has it, at this very place above the layers below it. */
export interface StoredContent {
  readonly kind: 'stored'
  /** The blob it is kept as, where an image store keeps blobs. */
  readonly descriptor: Descriptor | undefined
}

/** An uncompressed tar that has to be written. */
export interface TarContent {
  readonly kind: 'tar'
  readonly size: number
  readonly read: () => AsyncIterable<Buffer>
}

/** OCI image-spec, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export interface HistoryEntry {
  readonly created: string
  readonly created_by: string
  readonly author?: string
  readonly comment?: string
}

/** The configuration of an image without what follows from its layers. */
export interface ImageConfig {
  readonly created: string
  readonly author?: string
  readonly architecture: string
  readonly variant?: string
  readonly os: string
  readonly 'os.version'?: string
  readonly config: Readonly<Record<string, unknown>>
}

/** A layer whose uncompressed tar is at hand. */
export function layerOf(tar: Buffer, history: HistoryEntry): ImageLayer {
  const content: TarContent = {
    kind: 'tar',
    size: tar.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- it is read like any other content
    async *read() {
      yield tar
    },
  }
  return {diffId: sha256Digest(tar), history, content}
}

/** The configuration of an image as the file that its id is the digest of. */
export function configFile(image: Image): Buffer {
  const history: object[] = []
  for (let index = 0; index <= image.layers.length; index++) {
    for (const empty of image.emptyHistory)
      if (empty.index === index) history.push({...empty.history, empty_layer: true})
    const layer = image.layers[index]
    if (layer !== undefined) history.push(layer.history)
  }
  const rootfs = {type: 'layers', diff_ids: image.layers.map(({diffId}) => diffId)}
  return Buffer.from(JSON.stringify({...image.config, rootfs, history}))
}
