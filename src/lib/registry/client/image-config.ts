import {parseJson, property} from '../../json/json.js'
import {isDigest, type Digest} from '../../reference/reference.js'
import type {BlobDescriptor} from './read-blob.js'
import {readAll} from './read-answer.js'
import type {RegistryClient} from './registry-client.js'
import {RegistryFailure} from './registry-failure.js'

/** Larger than any configuration of an image. */
const MAX_CONFIG_BYTES = 8_000_000

/** Reads the configuration of an image. @returns the JSON in it, of any form @throws RegistryFailure */
export async function readConfig(client: RegistryClient, descriptor: BlobDescriptor): Promise<unknown> {
  if ((descriptor.size ?? 0) > MAX_CONFIG_BYTES)
    throw new RegistryFailure('not-a-registry', `the configuration has more than ${MAX_CONFIG_BYTES} bytes`)
  const content = await readAll(client.blobs.read(descriptor), MAX_CONFIG_BYTES)
  return parseJson(content.toString('utf8'))
}

/** The digest in a descriptor; undefined if it has none that is valid. */
export function digestIn(descriptor: unknown): Digest | undefined {
  const digest = property(descriptor, 'digest')
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined
}
