import {exposedPorts, portKey} from '../../container/port/published-ports.js'
import {LookAhead} from '../../async/look-ahead.js'
import type {ImageDetails} from '../../engine/types.js'
import {compressionOf, unpacked} from '../../image/archive/unpack.js'
import {layerSizes, type LayerSizes} from '../../image/layer-sizes.js'
import {readPackageFacts, type ReadFacts} from '../../image/read-labels.js'
import type {Work} from '../../work/work.js'
import {formatReference} from '../../reference/reference.js'
import {readTar} from '../../tar/read-tar.js'
import {filePathIn} from '../file/file-path.js'
import {openPackageFile} from '../file/open-package-file.js'
import {openPackage, type PackageQuery} from '../open-package.js'

/** What `--json` prints: what the engine knows about the image, and what its labels say. */
export interface InspectResult extends ReadFacts {
  /** Its name. */
  readonly reference: string
  /** Id of the image in the engine; of a file, the digest of its configuration. */
  readonly image: string
  /** Null if the engine knows none; of a file, that of its manifest. */
  readonly digest: string | null
  /** As docker writes it: `linux/arm64/v8`. */
  readonly platform: string
  /** How many layers it has. */
  readonly layers: number
  /** The size of its layers, uncompressed; of a file, of those that it has. */
  readonly bytes: number
  /** The size of each mount layer, uncompressed, by its diffID; empty if the engine cannot tell. */
  readonly mountBytes: Readonly<Record<string, number>>
  /** Its entrypoint, as separate words. */
  readonly entrypoint: readonly string[]
  /** The arguments of its entrypoint; without one, its program. */
  readonly command: readonly string[]
  /** Empty for root. */
  readonly user: string
  /** Empty for `/`. */
  readonly workingDirectory: string
  /** Exposed ports in docker's words: `8080/tcp`. */
  readonly ports: readonly string[]
  /** What a file leaves out; null if it is whole, or not a file. */
  readonly without: {
    /** The image that has it, by its name; null if the file names none. */
    readonly reference: string | null
    /** How many layers. */
    readonly layers: number
  } | null
  /** Names of its environment variables. Their values are in `docker image inspect`. */
  readonly environment: readonly string[]
}

/**
 * Reads what a package's labels say, without checking it: `verify` does that.
 * @throws FailedError `not-a-package`, `package-schema-unknown`; what pulling the image throws.
 */
export async function inspectPackage(surrounding: Work, query: PackageQuery): Promise<InspectResult> {
  const path = await filePathIn(surrounding, query.reference)
  if (path !== undefined) return inspectFile(surrounding, path)
  const {work, digest, image, reference} = await openPackage(surrounding, query)
  const facts = readPackageFacts(reference, image.Config?.Labels)
  const diffIds = image.RootFS.Layers ?? []
  const sizes = await layerSizes(work.engine, image)
  return resultOf({reference, image, digest: digest ?? null, facts, diffIds, sizes, without: null})
}

/** The same for a file, whose layers are unpacked to count their bytes. No engine is needed. */
async function inspectFile(work: Work, path: string): Promise<InspectResult> {
  const {facts, file, reference} = await openPackageFile(work, path)
  const layers: number[] = []
  for (const {read} of file.layers) layers.push(read === undefined ? 0 : await contentBytes(read()))
  const total = layers.reduce((sum, bytes) => sum + bytes, 0)
  const missing = file.layers.filter(({read}) => read === undefined).length
  return resultOf({
    reference: formatReference(reference),
    image: file.details,
    digest: file.manifest?.descriptor.digest ?? null,
    facts,
    diffIds: file.layers.map(({diffId}) => diffId),
    sizes: {layers, total},
    without: missing === 0 ? null : {reference: file.since ?? null, layers: missing},
  })
}

/** Bytes of the files in a layer, as engines count them; of a layer that keg cannot unpack, its own. */
async function contentBytes(layer: AsyncIterable<Buffer>): Promise<number> {
  const bytes = new LookAhead(layer)
  let sum = 0
  if ((await compressionOf(bytes)) === 'zstd') for await (const {length} of bytes) sum += length
  else for await (const {header} of readTar(unpacked(bytes))) sum += header.size
  return sum
}

/** What is known about a package, wherever it is. */
interface Inspected {
  readonly reference: string
  readonly image: ImageDetails
  readonly digest: string | null
  readonly facts: ReadFacts
  readonly diffIds: readonly string[]
  readonly sizes: LayerSizes
  readonly without: InspectResult['without']
}

function resultOf({
  diffIds,
  digest,
  facts,
  image,
  reference,
  sizes: {layers, total},
  without,
}: Inspected): InspectResult {
  const mountBytes = (facts.mounts ?? []).flatMap(({layer}) => {
    const bytes = layers[diffIds.lastIndexOf(layer)]
    return bytes === undefined ? [] : [[layer, bytes] as const]
  })
  const {Cmd, Entrypoint, Env, ExposedPorts, User = '', WorkingDir = ''} = image.Config ?? {}
  return {
    reference,
    image: image.Id,
    digest,
    platform: [image.Os, image.Architecture, image.Variant]
      .filter((part) => part !== undefined && part !== '')
      .join('/'),
    layers: diffIds.length,
    bytes: total,
    mountBytes: Object.fromEntries(mountBytes),
    entrypoint: Entrypoint ?? [],
    command: Cmd ?? [],
    user: User,
    workingDirectory: WorkingDir,
    ports: exposedPorts(ExposedPorts).map(portKey),
    without,
    environment: (Env ?? []).map((variable) => variable.replace(/=.*$/s, '')),
    ...facts,
  }
}
