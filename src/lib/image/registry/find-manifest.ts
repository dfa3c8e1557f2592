import {listProperty, property} from '../../json/json.js'
import type {Digest, Tag} from '../../reference/reference.js'
import {digestIn} from '../../registry/client/image-config.js'
import type {StoredManifest} from '../../registry/client/manifests.js'
import {INDEX_TYPES} from '../../registry/client/media-type.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {printable} from '../../terminal/text.js'
import {platformsThatRunOn, platformText, type Platform} from '../platform.js'

/** What a registry has under a name. */
export interface FoundManifest {
  /** Of what the name names: the image, or the index of its platforms. */
  readonly digest: Digest
  /** What the name names. */
  readonly named: StoredManifest
  /** That of the image for the platform. */
  readonly manifest: StoredManifest
}

/** An index of indexes is legal; nobody nests them deeper. */
const MAX_DEPTH = 3

/**
 * Finds an image in a registry; in an index of images for several platforms, the one that an engine of the platform would pull.
 * @throws RegistryFailure `image-not-found`, `image-platform-missing`
 */
export async function findManifest(
  client: RegistryClient,
  name: Tag | Digest,
  platform: Platform,
): Promise<FoundManifest> {
  const named = await client.manifests.get(name)
  if (named === undefined) throw new RegistryFailure('image-not-found', `manifest unknown: ${name}`)
  let manifest = named
  for (let depth = 0; INDEX_TYPES.includes(manifest.mediaType); depth++) {
    const digest = depth < MAX_DEPTH ? chooseIn(manifest.content, platform) : undefined
    const next = digest && (await client.manifests.get(digest))
    if (next === undefined) throw new RegistryFailure('image-platform-missing', missingText(manifest.content, platform))
    manifest = next
  }
  return {digest: named.digest, named, manifest}
}

/** The best image of an index; the first among equals, as for engines. */
function chooseIn(index: unknown, platform: Platform): Digest | undefined {
  const entries = listProperty(index, 'manifests')
  for (const wanted of platformsThatRunOn(platform)) {
    const found = entries.find((entry) => platformText(property(entry, 'platform')) === platformText(wanted))
    const digest = digestIn(found)
    if (digest !== undefined) return digest
  }
  // One that does not say its platform says it in its configuration.
  return digestIn(entries.find((entry) => property(entry, 'platform') === undefined))
}

/** How many platforms a message lists. */
const MAX_LISTED = 10

function missingText(index: unknown, platform: Platform): string {
  const texts = listProperty(index, 'manifests').map((entry) => platformText(property(entry, 'platform')))
  // Where an image was built from has no platform.
  const platforms = [...new Set(texts)].filter((text) => !text.startsWith('unknown'))
  const listed = platforms.length === 0 ? 'none' : platforms.slice(0, MAX_LISTED).join(', ')
  return printable(`no match for platform ${platformText(platform)}: there is ${listed}`)
}
