import type {ImageDetails} from '../../engine/types.js'
import type {Cleanup} from '../../async/cleanup.js'
import type {ImageArchive, LoadableArchive} from '../archive/image-archive.js'
import type {Encoder} from '../archive/encoded-tar.js'
import type {LayoutLayer} from '../archive/layout-files.js'
import type {ImageFile} from '../file/model.js'
import type {Image} from '../model.js'

/** Where an engine keeps its images: they are read from it and written to it. Only this folder knows its kind of store. */
export interface ImageStore {
  /** Reads the structure of an image. Its layers are read on demand, and then kept in temporary files. */
  open(image: ImageDetails, options: OpenOptions): Promise<StoredImage>

  /** Reads a tar to compute what a layer needs, in the cheapest way for this store. */
  readonly encode: Encoder

  /** Writes an image in the form the engine loads. */
  archive(image: Image): Promise<ImageArchive>

  /**
   * Writes an image from a file in the form the engine loads, byte for byte as it is there.
   * @param holder an image of the engine that has the layers which the file leaves out
   */
  archiveFile(file: ImageFile, holder: StoredImage | undefined): Promise<LoadableArchive>

  /** Matches the layers in an export of an image with the image's layers. */
  arrange<Found extends FoundLayer>(image: ImageDetails, found: FoundParts<Found>): ArrangedImage<Found>
}

export interface OpenOptions {
  /** diffIDs of layers that may be read later, as far as known: a store that opens an image with one export keeps them. */
  readonly mayRead?: ReadonlySet<string>
  /** Removes temporary files. */
  readonly cleanup: Cleanup
  readonly signal?: AbortSignal | undefined
}

/** An image in an engine. */
export interface StoredImage {
  readonly id: string
  readonly details: ImageDetails
  /** All its layers are base layers: only its label, or the code that had it made, knows better. */
  readonly view: Image
  /** Reads some layers in one pass; otherwise each is read separately. @param diffIds those of the layers */
  readonly keep: (diffIds: ReadonlySet<string>) => Promise<void>
  /** The blobs of all its layers by their diffIDs, read in one pass into temporary files. A store that has none makes them. */
  readonly blobs: (options: BlobOptions) => Promise<ReadonlyMap<string, LayoutLayer>>
}

export interface BlobOptions {
  /** diffIDs of layers of which only the descriptors are needed. */
  readonly leftOut: ReadonlySet<string>
  /** Called with the number of bytes read so far. */
  readonly onBytes?: (bytes: number) => void
}

/** A layer in an export. */
export interface FoundLayer {
  /** Digest of its bytes as stored. */
  readonly digest: string
  /** Digest of the uncompressed tar, if known. */
  readonly diffId: string | undefined
}

/** The parts of an export. */
export interface FoundParts<Found extends FoundLayer> {
  /** By the digests of their bytes. */
  readonly documents: ReadonlyMap<string, unknown>
  /** By their paths. */
  readonly layers: ReadonlyMap<string, Found>
  /** Paths that link to others. */
  readonly links: ReadonlyMap<string, string>
  /** The content of `manifest.json`; undefined if there is none. */
  readonly manifest: unknown
}

/** An image from an export. */
export interface ArrangedImage<Found extends FoundLayer> {
  /** From the bottom, one for each diffID of the image; undefined if it is missing. */
  readonly layers: readonly (Found | undefined)[]
  /** Whether its configuration (and manifest) matches the digest in its id. */
  readonly configIsRight: boolean
  /** The runtime part of its configuration, not parsed. */
  readonly config: unknown
}
