import type {Engine} from '../../engine/engine.js'
import {FailedError} from '../../error/keg-error.js'
import type {ReadableImage} from '../../image/file/model.js'
import {hostPlatform} from '../../image/platform.js'
import {readPackageFacts, type ReadFacts} from '../../image/read-labels.js'
import {findManifest} from '../../image/registry/find-manifest.js'
import {openRegistryImage} from '../../image/registry/open-registry-image.js'
import {formatReference, parseTag, type Digest, type Reference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {readRegistry, type RegistryReader} from './registry-reader.js'

/** A package in a registry. */
export interface RegistryPackage {
  readonly image: ReadableImage
  /** Of what the reference names: the image, or the index of its platforms. */
  readonly digest: Digest
  readonly facts: ReadFacts
}

/**
 * Opens a package in its registry, without pulling it: only manifest and configuration are read. A layer is read when it is needed, and
 * its digest is checked. The work's cleanup ends the connections.
 * @param engine says the platform, and which registries need no TLS; undefined if there is none: then it is this machine's platform
 * @throws FailedError with a code of registry-error.ts, `not-a-package`, `package-schema-unknown`; RefusedError `registry-damaged`; what
 * findCredentials throws
 */
export async function openRegistryPackage(
  work: Work,
  reference: Reference,
  engine: Engine | undefined,
): Promise<RegistryPackage> {
  const name = formatReference(reference)
  const {blobs, client, explain} = await readRegistry(work, reference, engine)
  const platform = (await engine?.platform()) ?? hostPlatform()
  const {digest, image} = await openImage({client, blobs}, reference, platform).catch((error: unknown) => {
    throw explain(error)
  })
  const labels = image?.details.Config?.Labels
  if (image === undefined || labels?.['com.keg.role'] !== 'package') throw notAPackage(name)
  const layers = image.layers.map((layer) => {
    const {read} = layer
    return {...layer, read: read && (() => explained(read(), explain))}
  })
  return {image: {...image, layers}, digest, facts: readPackageFacts(name, labels)}
}

async function openImage(
  {blobs, client}: Pick<RegistryReader, 'blobs' | 'client'>,
  {digest: wanted, tag = LATEST}: Reference,
  platform: ReturnType<typeof hostPlatform>,
): Promise<{readonly digest: Digest; readonly image: ReadableImage | undefined}> {
  const {digest, manifest} = await findManifest(client, wanted ?? tag, platform)
  return {digest, image: await openRegistryImage(client, manifest, {blobs})}
}

const LATEST = parseTag('latest')

/** A stream whose failure is explained to the user. */
async function* explained(
  content: AsyncIterable<Buffer>,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Buffer> {
  try {
    yield* content
  } catch (error) {
    throw explain(error)
  }
}

function notAPackage(name: string): FailedError {
  return new FailedError(
    `What the registry has as ${printable(name)} is not a package of keg: it does not have the labels of one.`,
    {code: 'not-a-package', hint: `Create a package with: ${commandLine`keg docker package`}`},
  )
}
