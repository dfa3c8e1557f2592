import {digesting, sha256Digest, tee} from '../bytes.js'
import {Spool} from '../spool.js'
import {gzipMembers} from './gzip.js'
import {configFile, type Descriptor, type Image, type ImageLayer} from './image.js'
import {fileOf, tarOfFiles, type ArchiveFile} from './tar-of-files.js'

/** The media types of manifest, configuration and compressed layers: Docker's and OCI's never go together in a manifest. */
export interface MediaTypes {
  readonly manifest: string
  readonly config: string
  readonly layer: string
}

const DOCKER: MediaTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
}

const OCI: MediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/** The media types that go with those of stored layers. */
export function mediaTypesFor(layers: readonly ImageLayer[]): MediaTypes {
  const stored = layers.map(({content}) => (content.kind === 'stored' ? content.descriptor?.mediaType : undefined))
  return stored.some((mediaType) => mediaType?.startsWith('application/vnd.docker.') === true) ? DOCKER : OCI
}

/** An image as an OCI layout; its compressed layers wait in temporary files until it is disposed of. */
export interface OciLayout extends AsyncDisposable {
  /** Digest of the manifest, which is the image's id in a containerd image store. */
  readonly id: string
  /** Of all files in it, in bytes. */
  readonly size: number
  readonly read: () => AsyncGenerator<Buffer>
}

/**
 * An image as an OCI image layout (OCI image-spec 1.1, image-layout.md) for an engine that has the blobs of all stored
 * layers: those are named in the manifest and left out of the layout.
 */
export async function ociLayout(image: Image, onBytes?: (bytes: number) => void): Promise<OciLayout> {
  const mediaTypes = mediaTypesFor(image.layers)
  const spools: Spool[] = []
  const dispose = async (): Promise<void> => {
    await Promise.all(spools.map((spool) => spool[Symbol.asyncDispose]()))
  }
  try {
    const files: ArchiveFile[] = []
    const layers: Descriptor[] = []
    let bytes = 0
    for (const {content, diffId} of image.layers) {
      if (content.kind === 'stored') {
        if (content.descriptor === undefined) throw new Error(`the blob of layer ${diffId} is not known`)
        layers.push(content.descriptor)
        continue
      }
      const spool = await Spool.create()
      spools.push(spool)
      const compressed = digesting(gzipMembers(tee(content.read(), ({length}) => onBytes?.((bytes += length)))))
      await spool.writeAll(compressed.chunks)
      const digest = compressed.digest()
      layers.push({mediaType: mediaTypes.layer, digest, size: spool.size})
      files.push({path: blobPath(digest), size: spool.size, read: () => spool.read()})
    }
    const config = blob(mediaTypes.config, configFile(image))
    const manifest = blob(
      mediaTypes.manifest,
      Buffer.from(
        JSON.stringify({schemaVersion: 2, mediaType: mediaTypes.manifest, config: config.descriptor, layers}),
      ),
    )
    const index = {schemaVersion: 2, manifests: [manifest.descriptor]}
    files.push(config.file, manifest.file)
    files.push(fileOf('index.json', JSON.stringify(index)), fileOf('oci-layout', '{"imageLayoutVersion":"1.0.0"}'))
    return {
      id: manifest.descriptor.digest,
      size: files.reduce((sum, {size}) => sum + size, 0),
      read: () => tarOfFiles(files),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

function blob(mediaType: string, content: Buffer): {descriptor: Descriptor; file: ArchiveFile} {
  const digest = sha256Digest(content)
  return {descriptor: {mediaType, digest, size: content.length}, file: fileOf(blobPath(digest), content)}
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}
