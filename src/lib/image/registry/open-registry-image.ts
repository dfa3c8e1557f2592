import type {ImageDetails} from '../../engine/types.js'
import {listProperty, property} from '../../json/json.js'
import {isDigest, type Digest} from '../../reference/reference.js'
import {readConfig} from '../../registry/client/image-config.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {imageDetails} from '../file/image-details.js'
import type {ImageFileLayer} from '../file/model.js'

/** An image in a registry, whose documents were read. */
export interface RegistryImage {
  readonly details: ImageDetails
  /** The runtime part of its configuration, not parsed. */
  readonly runtime: unknown
  /** From the bottom. Those that need not be read have no `read`. */
  readonly layers: readonly ImageFileLayer[]
}

export interface OpenRegistryImageOptions {
  /** Of its manifest. */
  readonly digest: Digest
  /** Whether it is certain which layer is in a blob, so that it need not be read. */
  readonly isKnown: (diffId: string) => boolean
}

/**
 * Opens an image in a registry by its digest. All digests are checked as it is read.
 * @throws RegistryFailure
 */
export async function openRegistryImage(
  client: RegistryClient,
  {digest, isKnown}: OpenRegistryImageOptions,
): Promise<RegistryImage> {
  const manifest = await client.manifests.get(digest)
  const config = descriptorIn(property(manifest?.content, 'config'))
  if (manifest === undefined || config === undefined) throw lost(`manifest unknown: ${digest}`)
  const configuration = await readConfig(client, config)
  const details = imageDetails(config.digest, configuration)
  if (details === undefined) throw lost('its configuration is not that of an image')
  const diffIds = details.RootFS.Layers ?? []
  const layers = listProperty(manifest.content, 'layers').map((entry, index): ImageFileLayer => {
    const descriptor = descriptorIn(entry)
    const diffId = diffIds[index]
    if (descriptor === undefined || diffId === undefined) throw lost('its manifest and its configuration differ')
    return {diffId, descriptor, read: isKnown(diffId) ? undefined : () => client.blobs.read(descriptor)}
  })
  return {details, runtime: property(configuration, 'config'), layers}
}

interface BlobDescriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
}

function descriptorIn(value: unknown): BlobDescriptor | undefined {
  const [mediaType, digest, size] = [property(value, 'mediaType'), property(value, 'digest'), property(value, 'size')]
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return undefined
  return isDigest(digest) ? {mediaType, digest, size} : undefined
}

function lost(problem: string): RegistryFailure {
  return new RegistryFailure('upload-lost', problem)
}
