import {allSettledOrThrow} from '../../async/all-settled.js'
import {Slots} from '../../async/slots.js'
import type {Engine} from '../../engine/engine.js'
import type {ReadableImage} from '../../image/file/model.js'
import {listProperty, property} from '../../json/json.js'
import {digestIn} from '../../registry/client/image-config.js'
import {summaryFacts} from '../../image/package-summary.js'
import {hostPlatform, type Platform} from '../../image/platform.js'
import {findManifest} from '../../image/registry/find-manifest.js'
import {openRegistryImage} from '../../image/registry/open-registry-image.js'
import {formatReference, type Digest, type Reference, type Tag} from '../../reference/reference.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import type {Work} from '../../work/work.js'
import {imagesIn, servicesIn} from '../project/project-index.js'
import {readRegistry} from '../remote/registry-reader.js'
import {newestFirst, type ListedPackage} from './model.js'

/** The packages of a repository. */
export interface RegistryPackages {
  /** Newest first. */
  readonly packages: readonly ListedPackage[]
  /** How many tags name something else: another image, a signature, a package of another version of keg. */
  readonly others: number
}

/** How many tags are read at once. */
const PARALLEL = 8

const STAGE = 'Reading the tags'

/**
 * Lists the packages of a repository in its registry: of each tag, its manifest and its configuration are read.
 * @param reference with a tag or a digest, only that is listed
 * @param engine says the platform, and which registries need no TLS; undefined if there is none: then it is this machine's platform
 * @throws FailedError with a code of registry-error.ts; what findCredentials throws
 */
export async function listRegistryPackages(
  work: Work,
  reference: Reference,
  engine: Engine | undefined,
): Promise<RegistryPackages> {
  const {client, explain} = await readRegistry(work, reference, engine)
  const platform = (await engine?.platform()) ?? hostPlatform()
  try {
    const wanted = reference.digest ?? reference.tag
    if (wanted !== undefined) return counted([await readPackage(client, {reference, name: wanted, platform})])
    const tags: Tag[] = []
    for await (const tag of client.tags()) tags.push(tag)
    return counted(await readAll(work, tags, (tag) => readTagged(client, {reference, name: tag, platform})))
  } catch (error) {
    throw explain(error)
  }
}

/** Reads all tags, several at once; the first failure keeps others from being begun. */
async function readAll<T>(
  {progress}: Pick<Work, 'progress'>,
  tags: readonly Tag[],
  read: (tag: Tag) => Promise<T>,
): Promise<T[]> {
  const slots = new Slots(PARALLEL)
  const total = tags.length
  let failure: {readonly error: unknown} | undefined
  let done = 0
  const results = tags.map((tag) =>
    slots.run(async () => {
      if (failure !== undefined) throw failure.error
      const result = await read(tag).catch((error: unknown) => {
        failure ??= {error}
        throw error
      })
      progress({stage: STAGE, state: 'running', note: `${++done} of ${total}`})
      return result
    }),
  )
  return allSettledOrThrow(results)
}

interface Place {
  readonly reference: Reference
  /** What is read there. */
  readonly name: Tag | Digest
  readonly platform: Platform
}

/** As readPackage, for one of many: what is gone by now, or cannot be read, is no package. */
async function readTagged(client: RegistryClient, place: Place & {readonly name: Tag}): Promise<Found> {
  const named = {...place, reference: {...place.reference, tag: place.name}}
  try {
    return await readPackage(client, named)
  } catch (error) {
    if (!(error instanceof RegistryFailure)) throw error
    if (error.kind === 'image-not-found') return 'gone'
    if (error.kind === 'image-platform-missing' || error.isDamaged) return undefined
    throw error
  }
}

/** Undefined if it is no package. */
type Found = ListedPackage | 'gone' | undefined

async function readPackage(
  client: RegistryClient,
  {name, platform, reference}: Place,
): Promise<ListedPackage | undefined> {
  const {digest, manifest, named} = await findManifest(client, name, platform)
  const image = await openRegistryImage(client, manifest)
  const facts = summaryFacts(image?.details.Config?.Labels)
  if (image === undefined || facts === undefined) return undefined
  return {
    reference: formatReference(reference),
    readFrom: 'registry',
    image: image.details.Id,
    digest,
    ...facts,
    services: servicesIn(named.content),
    bytes: null,
    compressedBytes: await compressedBytes(client, named.content, image),
  }
}

/** The size of an image's layers, or of those of all images of a project, each once. */
async function compressedBytes(client: RegistryClient, index: unknown, image: ReadableImage): Promise<number> {
  const digests = imagesIn(index)
  const sizes = new Map(image.layers.map(({descriptor: {digest, size}}) => [digest, size]))
  const manifests = await Promise.all(digests.map((digest) => client.manifests.get(digest)))
  for (const layer of manifests.flatMap((manifest) => listProperty(manifest?.content, 'layers'))) {
    const [digest, size] = [digestIn(layer), property(layer, 'size')]
    if (digest !== undefined && typeof size === 'number') sizes.set(digest, size)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

function counted(found: readonly Found[]): RegistryPackages {
  const packages = found.filter((each) => each !== undefined && each !== 'gone')
  const others = found.filter((each) => each === undefined).length
  return {packages: packages.toSorted(newestFirst), others}
}
