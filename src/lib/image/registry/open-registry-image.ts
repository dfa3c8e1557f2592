import {listProperty, property} from '../../json/json.js'
import {isDigest, type Digest} from '../../reference/reference.js'
import {readConfig} from '../../registry/client/image-config.js'
import type {StoredManifest} from '../../registry/client/manifests.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {imageDetails} from '../file/image-details.js'
import type {ReadableImage, ReadableLayer} from '../file/model.js'

export interface OpenRegistryImageOptions {
  /** Reads the layers (default: the client that reads the documents). */
  readonly blobs?: Pick<RegistryClient['blobs'], 'read'>
  /** Whether it is certain which layer is in a blob, so that it need not be read (default: none). */
  readonly isKnown?: (diffId: string) => boolean
}

/**
 * Opens an image in a registry by its manifest. All digests are checked as it is read.
 * @returns undefined if the manifest is that of something else, such as a signature
 * @throws RegistryFailure, also if manifest and configuration contradict each other
 */
export async function openRegistryImage(
  client: RegistryClient,
  manifest: StoredManifest,
  {blobs = client.blobs, isKnown = () => false}: OpenRegistryImageOptions = {},
): Promise<ReadableImage | undefined> {
  const config = descriptorIn(property(manifest.content, 'config'))
  if (config === undefined) return undefined
  const configuration = await readConfig(client, config)
  const details = imageDetails(config.digest, configuration)
  if (details === undefined) return undefined
  const descriptors = listProperty(manifest.content, 'layers')
  const diffIds = details.RootFS.Layers ?? []
  if (descriptors.length !== diffIds.length)
    throw contradiction(`the manifest has ${descriptors.length} layers, and the configuration ${diffIds.length}`)
  const layers = descriptors.map((entry, index): ReadableLayer => {
    const descriptor = descriptorIn(entry)
    const diffId = diffIds[index]
    if (descriptor === undefined || diffId === undefined || !isDigest(diffId))
      throw contradiction(`layer ${index + 1} has no digest and size`)
    return {diffId, descriptor, read: isKnown(diffId) ? undefined : () => blobs.read(descriptor)}
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
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isSize(size)) return undefined
  return isDigest(digest) ? {mediaType, digest, size} : undefined
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function contradiction(problem: string): RegistryFailure {
  return new RegistryFailure('not-a-registry', problem, {isDamaged: true})
}
