import type {TarHeader} from '../tar/tar-header.js'

/**
 * An image as an immutable view: a change (image.ts) returns a new one. Formats: the OCI image-spec 1.1 (config.md, manifest.md,
 * layer.md) and Docker's image specification v1.2, which agree on everything used here.
 */
export interface Image {
  /** From the bottom. */
  readonly layers: readonly Layer[]
  readonly config: ImageConfig
  readonly labels: Readonly<Record<string, string>>
  /** Steps that made no layer, such as ENV, with their place among the layers: before layer `index`. */
  readonly emptyHistory: readonly {readonly index: number; readonly history: HistoryEntry}[]
}

/** The configuration of an image without its labels and what follows from its layers. */
export interface ImageConfig {
  readonly created: string
  readonly author?: string
  readonly architecture: string
  readonly variant?: string
  readonly os: string
  readonly 'os.version'?: string
  /** How its containers run, with Docker's field names. */
  readonly config: Readonly<Record<string, unknown>>
}

/** A layer, by what it is for. */
export type Layer = BaseLayer | WritableLayer | WhiteoutLayer | MountLayer

/** What all kinds of layers have. It is read only on demand. */
export interface LayerContent {
  /** Digest of the uncompressed tar. */
  readonly diffId: string
  readonly history: HistoryEntry
  /** Undefined if no engine has it yet. */
  readonly stored: StoredLayer | undefined
  /** Bytes of the uncompressed tar. */
  readonly size: () => Promise<number>
  /** The uncompressed tar, from its beginning with each call. */
  readonly uncompressed: () => AsyncIterable<Buffer>
  /** What is sent to a store that keeps blobs; undefined if it has to be made from the tar first. */
  readonly compressed: CompressedLayer | undefined
}

/** A layer of the image that a container was made from. */
export interface BaseLayer extends LayerContent {
  readonly kind: 'base'
}

/** What a container changed. */
export interface WritableLayer extends LayerContent {
  readonly kind: 'writable'
  /** Absolute paths of mount points: the mounts hide what the container changed below them. */
  readonly masks: readonly string[]
}

/** Only hides paths of the layers below. */
export interface WhiteoutLayer extends LayerContent {
  readonly kind: 'whiteout'
  /** Absolute. */
  readonly paths: readonly string[]
}

/** The content of a mount, or a part of it: what is in none of its lower layers. */
export interface MountLayer extends LayerContent {
  readonly kind: 'mount'
  /** The mount point, with symlinks followed. */
  readonly path: string
  /** The destination the container was started with. */
  readonly destination: string
  readonly type: string
  /** Whether the mount itself is left out, and the layer only hides what the mount hid. */
  readonly isEmpty: boolean
  readonly recording: MountRecording
  /** How many files it has. */
  readonly entries: number
  /** How many of these are folders that another layer of the mount has too. */
  readonly repeatedFolders: number
  /** Digest of the list of these files. */
  readonly listDigest: string
  /** Bytes of all files in it. */
  readonly contentBytes: number
  /** Reads several layers of the mount in one pass, so that each can be read at once; undefined if it has only one. */
  readonly keep: ((diffIds: ReadonlySet<string>) => Promise<void>) | undefined
}

/** A layer in the list of a package, which identifies it in any image that has it. */
export type ListedLayer =
  | Pick<BaseLayer, 'kind' | 'diffId'>
  | Pick<WritableLayer, 'kind' | 'diffId'>
  | Pick<WhiteoutLayer, 'kind' | 'diffId' | 'paths'>
  | Pick<MountLayer, 'kind' | 'diffId' | 'path' | 'entries' | 'listDigest'>

/** Where an engine has a layer. */
export interface StoredLayer {
  /** Identifies the layer and all layers below it (OCI image-spec, config.md, "Layer ChainID"). */
  readonly chainId: string
  /** Its blob, if the store keeps blobs. */
  readonly descriptor: Descriptor | undefined
}

/** A layer compressed with gzip. */
export interface CompressedLayer {
  readonly digest: string
  readonly size: number
  /** From its beginning with each call. */
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

/** An archive of a mount as the engine sent it, with owners as the container has them, and its path in the image. */
export interface MountRecording {
  /** The mount point, with all symlinks followed. */
  readonly path: string
  /** Mount points below it, where another mount, packaged or not, hides what this mount has. */
  readonly mountPointsBelow: readonly string[]
  /** Agent files in it: they are left out, with everything below them. */
  readonly agentFiles: readonly string[]
  /** The folders above the mount, outermost first, as the container has them: a layer without them would reset them. */
  readonly parents: readonly TarHeader[]
  /** The archive, from its beginning with each call. */
  readonly read: () => AsyncIterable<Buffer>
}
