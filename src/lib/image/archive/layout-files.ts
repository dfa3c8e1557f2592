import {sha256Digest} from '../../tar/bytes.js'
import type {Descriptor} from '../model.js'
import type {MediaTypes} from './media-types.js'
import {fileOf, type ArchiveFile} from './tar-of-files.js'

/** A layer of a layout. */
export interface LayoutLayer {
  readonly descriptor: Descriptor
  /** Its blob, from the beginning with each call; undefined if the layout leaves it out. */
  readonly read: (() => AsyncIterable<Buffer>) | undefined
}

/** A manifest, and its descriptor. */
export interface ManifestFile {
  readonly descriptor: Descriptor
  readonly content: Buffer
}

/** What a layout consists of. */
export interface LayoutParts {
  readonly config: Buffer
  readonly manifest: ManifestFile
  readonly layers: readonly LayoutLayer[]
  /** What its index lists: the descriptor of the manifest, with annotations, once for each name. */
  readonly manifests: readonly object[]
}

/** The manifest of an image (OCI image-spec 1.1, manifest.md). */
export function manifestFile(config: Buffer, layers: readonly Descriptor[], mediaTypes: MediaTypes): ManifestFile {
  const content = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: {mediaType: mediaTypes.config, digest: sha256Digest(config), size: config.length},
      layers,
    }),
  )
  return {descriptor: {mediaType: mediaTypes.manifest, digest: sha256Digest(content), size: content.length}, content}
}

/** The files of an OCI image layout (OCI image-spec 1.1, image-layout.md): each blob once. */
export function layoutFiles({config, layers, manifest, manifests}: LayoutParts): ArchiveFile[] {
  const blobs = new Map<string, ArchiveFile>()
  for (const {descriptor, read} of layers)
    if (read !== undefined)
      blobs.set(descriptor.digest, {path: blobPath(descriptor.digest), size: descriptor.size, read})
  return [
    ...blobs.values(),
    fileOf(blobPath(sha256Digest(config)), config),
    fileOf(blobPath(manifest.descriptor.digest), manifest.content),
    fileOf('index.json', JSON.stringify({schemaVersion: 2, manifests})),
    fileOf('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
  ]
}

/** Where a layout has a blob. */
export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}
