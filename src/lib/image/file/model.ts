import type {ImageDetails} from '../../engine/types.js'
import type {LayoutLayer, ManifestFile} from '../archive/layout-files.js'

/** The annotation of a file with the name of the image whose layers it leaves out. */
export const SINCE_ANNOTATION = 'com.keg.package.since'

/** The annotation of a file with the diffIDs of the layers that it leaves out: a JSON list. */
export const WITHOUT_ANNOTATION = 'com.keg.package.without'

/** An image that is read where it is, without an engine. Its documents were checked; each layer is checked as it is read. */
export interface ReadableImage {
  /** The image as an engine would describe it. */
  readonly details: ImageDetails
  /** The runtime part of its configuration, not parsed. */
  readonly runtime: unknown
  /** From the bottom. */
  readonly layers: readonly ReadableLayer[]
}

/** A layer of such an image. */
export interface ReadableLayer extends LayoutLayer {
  readonly diffId: string
}

/** An image in a file, whose digests were checked. Open until it is disposed of. */
export interface ImageFile extends ReadableImage, ImageParts, AsyncDisposable {
  /** As the user typed it. */
  readonly path: string
  /** Digest of its configuration, which is its id in a classic image store. */
  readonly id: string
}

/** What the documents of a file say about its image. */
export interface ImageParts {
  /** As it is in the file. */
  readonly config: Buffer
  /** Undefined if the form of the file has none. */
  readonly manifest: ManifestFile | undefined
  /** As they are in the file: anybody can write them. */
  readonly names: readonly string[]
  /** The image whose layers are left out, by its name; undefined if the file has all layers. */
  readonly since: string | undefined
}
