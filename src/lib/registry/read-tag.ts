import {property} from '../json/json.js'
import type {Digest, Tag} from '../reference/reference.js'
import type {StoredManifest} from './client/manifests.js'
import {digestIn, readConfig} from './client/image-config.js'
import {IMAGE_TYPES} from './client/media-type.js'
import type {RegistryClient} from './client/registry-client.js'
import {RegistryFailure} from './client/registry-failure.js'

/** What a registry has under a tag. */
export interface TagContent {
  readonly digest: Digest
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Reads the labels of the image under a tag from its manifest and its configuration; for an image with several platforms, those
 * of the first.
 * @returns undefined if the registry has nothing there, or nothing readable
 */
export async function readTag(client: RegistryClient, tag: Tag): Promise<TagContent | undefined> {
  const manifest = await readable(client.manifests.get(tag))
  if (manifest === undefined) return undefined
  const config = configDigest(manifest) ?? (await configOfFirst(client, manifest))
  const labels = config === undefined ? undefined : await readable(readLabels(client, config))
  return {digest: manifest.digest, labels: labels ?? {}}
}

/** Undefined if the registry answered with something else: it may still say more about a push. */
async function readable<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof RegistryFailure && !error.isTemporary) return undefined
    throw error
  })
}

function configDigest({content}: StoredManifest): Digest | undefined {
  return digestIn(property(content, 'config'))
}

async function configOfFirst(client: RegistryClient, {content}: StoredManifest): Promise<Digest | undefined> {
  const manifests = property(content, 'manifests')
  const first = Array.isArray(manifests) ? digestIn(manifests[0]) : undefined
  const manifest = first === undefined ? undefined : await readable(client.manifests.get(first, IMAGE_TYPES))
  return manifest && configDigest(manifest)
}

async function readLabels(client: RegistryClient, digest: Digest): Promise<TagContent['labels']> {
  const config = await readConfig(client, {digest, size: undefined})
  const labels = property(property(config, 'config'), 'Labels')
  if (typeof labels !== 'object' || labels === null) return {}
  return Object.fromEntries(
    Object.entries(labels).filter((label): label is [string, string] => typeof label[1] === 'string'),
  )
}
