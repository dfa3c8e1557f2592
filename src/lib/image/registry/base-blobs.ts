import type {EngineInfo, ImageDetails} from '../../engine/types.js'
import {KegError} from '../../error/keg-error.js'
import {listProperty, property} from '../../json/json.js'
import {parseReference, type Digest, type Reference} from '../../reference/reference.js'
import {digestIn, readConfig} from '../../registry/client/image-config.js'
import {ONE_TRY} from '../../registry/client/limits.js'
import {INDEX_TYPES} from '../../registry/client/media-type.js'
import {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {findCredentials} from '../../registry/credentials.js'
import type {Work} from '../../work/work.js'
import type {KnownBlob} from './layer-cache.js'

/** How many images of an index are looked at. */
const MAX_PLATFORMS = 10

/**
 * Finds the blobs of an image's layers in the registry that it was pulled from or pushed to, by the digests that the engine remembers.
 * An image counts only if its configuration there has the same layers.
 * @param registry the only one that is asked
 * @returns the blobs by the diffIDs of their layers; empty if the registry does not have the image, or does not say
 */
export async function findBaseBlobs(
  work: Pick<Work, 'environment' | 'signal'>,
  {image, info, registry}: {readonly image: ImageDetails; readonly info: EngineInfo; readonly registry: string},
): Promise<ReadonlyMap<string, KnownBlob>> {
  const named = (image.RepoDigests ?? []).flatMap((name) => referenceIn(name) ?? [])
  for (const {digest, ...reference} of named.filter((each) => each.registry === registry)) {
    if (digest === undefined) continue
    try {
      const credentials = await findCredentials(work, reference)
      using client = new RegistryClient(work, {reference, credentials, action: 'pull', info, limits: ONE_TRY})
      const found = await blobsOf(client, digest, image, reference)
      if (found !== undefined) return found
    } catch (error) {
      work.signal.throwIfAborted()
      // The layers are sent instead.
      if (!(error instanceof RegistryFailure) && !(error instanceof KegError)) throw error
    }
  }
  return new Map()
}

async function blobsOf(
  client: RegistryClient,
  digest: Digest,
  image: ImageDetails,
  {registry, repository}: Reference,
): Promise<ReadonlyMap<string, KnownBlob> | undefined> {
  const manifest = await client.manifests.get(digest)
  if (manifest === undefined) return undefined
  if (INDEX_TYPES.includes(manifest.mediaType)) {
    for (const platform of platformsOf(manifest.content, image)) {
      const found = await blobsOf(client, platform, image, {registry, repository, hostWritten: true})
      if (found !== undefined) return found
    }
    return undefined
  }
  const config = digestIn(property(manifest.content, 'config'))
  if (config === undefined) return undefined
  const configuration = await readConfig(client, {digest: config, size: undefined})
  const diffIds = listProperty(property(configuration, 'rootfs'), 'diff_ids')
  const layers = listProperty(manifest.content, 'layers')
  const expected = image.RootFS.Layers ?? []
  if (diffIds.length !== expected.length || layers.length !== expected.length) return undefined
  if (expected.some((diffId, index) => diffId !== diffIds[index])) return undefined
  const blobs = layers.map((layer) => blobFrom(layer))
  return new Map(
    expected.flatMap((diffId, index) => {
      const blob = blobs[index]
      return blob === undefined ? [] : [[diffId, {...blob, repositories: [{registry, repository}]}] as const]
    }),
  )
}

/** The images of an index for the platform of an image. */
function platformsOf(index: unknown, {Architecture, Os}: ImageDetails): Digest[] {
  const fitting = listProperty(index, 'manifests').filter((entry) => {
    const platform = property(entry, 'platform')
    return property(platform, 'os') === Os && property(platform, 'architecture') === Architecture
  })
  return fitting.flatMap((entry) => digestIn(entry) ?? []).slice(0, MAX_PLATFORMS)
}

function blobFrom(layer: unknown): Omit<KnownBlob, 'repositories'> | undefined {
  const [mediaType, digest, size] = [property(layer, 'mediaType'), digestIn(layer), property(layer, 'size')]
  // A layer with other addresses is not in this registry.
  if (typeof mediaType !== 'string' || mediaType.includes('foreign') || mediaType.includes('nondistributable'))
    return undefined
  return digest !== undefined && typeof size === 'number' ? {mediaType, digest, size} : undefined
}

/** The engine's names may be of any form. */
function referenceIn(name: string): Reference | undefined {
  try {
    return parseReference(name)
  } catch (error) {
    if (error instanceof KegError) return undefined
    throw error
  }
}
