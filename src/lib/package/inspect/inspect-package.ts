import {exposedPorts, portKey} from '../../container/port/published-ports.js'
import {LookAhead} from '../../async/look-ahead.js'
import type {ImageDetails} from '../../engine/types.js'
import {compressionOf, unpacked} from '../../image/archive/unpack.js'
import {layerSizes} from '../../image/layer-sizes.js'
import type {ReadFacts} from '../../image/read-labels.js'
import type {Work} from '../../work/work.js'
import {readTar} from '../../tar/read-tar.js'
import {
  openPackage,
  type EnginePackage,
  type OpenedPackage,
  type PackagePlace,
  type PackageQuery,
  type ReadablePackage,
} from '../open-package.js'
import {openServices} from '../project/open-services.js'

/** What `--json` prints: what the engine knows about the image, and what its labels say. */
export interface InspectResult extends ReadFacts {
  /** Its name. */
  readonly reference: string
  /** Where it was read from. */
  readonly readFrom: PackagePlace
  /** Id of the image in the engine; of a file or in a registry, the digest of its configuration. */
  readonly image: string
  /** Digest of its manifest, or of the index of its platforms; null if the engine, or a file, has none. */
  readonly digest: string | null
  /** As docker writes it: `linux/arm64/v8`. */
  readonly platform: string
  /** How many layers it has. */
  readonly layers: number
  /** The size of its layers, uncompressed; of a file, of those that it has. Null from a registry, which does not say. */
  readonly bytes: number | null
  /** The size of its layers as the registry or the file has them; null from the engine. */
  readonly compressedBytes: number | null
  /** The size of each mount layer, uncompressed, by its diffID; empty if it is not known. */
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

/** What `--json` prints for a compose project that was packaged as one. */
export interface InspectedProject {
  /** Its name. */
  readonly reference: string
  /** Of its index. */
  readonly digest: string
  /** Name of the compose project that was packaged. */
  readonly project: string
  /** The package of each service, by its name. */
  readonly services: readonly InspectResult[]
}

/**
 * Reads what a package's labels say, without checking it: `verify` does that.
 * @throws what openPackage throws
 */
export async function inspectPackage(work: Work, query: PackageQuery): Promise<InspectResult | InspectedProject> {
  const opened = await openPackage(work, query)
  const whole = await openServices(work, query, opened)
  if (whole === undefined) return inspectOpened(opened)
  const {digest, project, reference} = whole
  const services: InspectResult[] = []
  for (const each of whole.services) services.push(await inspectOpened(each.opened))
  return {reference, digest, project, services}
}

async function inspectOpened(opened: OpenedPackage): Promise<InspectResult> {
  if (opened.readFrom === 'engine') return inspectInEngine(opened)
  return opened.readFrom === 'file' ? inspectFile(opened) : inspectInRegistry(opened)
}

async function inspectInEngine(opened: EnginePackage): Promise<InspectResult> {
  const {image, work} = opened
  const {layers, total} = await layerSizes(work.engine, image)
  return resultOf(opened, image, {bytes: total, layerBytes: layers, compressedBytes: null, without: null})
}

/** The layers of a file are unpacked to count their bytes. */
async function inspectFile(opened: ReadablePackage): Promise<InspectResult> {
  const {image, since} = opened
  const layerBytes: number[] = []
  for (const {read} of image.layers) layerBytes.push(read === undefined ? 0 : await contentBytes(read()))
  const missing = image.layers.filter(({read}) => read === undefined).length
  return resultOf(opened, image.details, {
    bytes: sumOf(layerBytes),
    layerBytes,
    compressedBytes: compressedBytes(opened),
    without: missing === 0 ? null : {reference: since ?? null, layers: missing},
  })
}

/** The layers in a registry are not read: that would be as long as a pull. */
function inspectInRegistry(opened: ReadablePackage): InspectResult {
  const sizes = {bytes: null, layerBytes: [], compressedBytes: compressedBytes(opened), without: null}
  return resultOf(opened, opened.image.details, sizes)
}

function compressedBytes({image}: ReadablePackage): number {
  return sumOf(image.layers.map(({descriptor, read}) => (read === undefined ? 0 : descriptor.size)))
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** Bytes of the files in a layer, as engines count them; of a layer that keg cannot unpack, its own. */
async function contentBytes(layer: AsyncIterable<Buffer>): Promise<number> {
  const bytes = new LookAhead(layer)
  let sum = 0
  if ((await compressionOf(bytes)) === 'zstd') for await (const {length} of bytes) sum += length
  else for await (const {header} of readTar(unpacked(bytes))) sum += header.size
  return sum
}

/** What depends on where a package is. */
interface Sizes extends Pick<InspectResult, 'bytes' | 'compressedBytes' | 'without'> {
  /** Uncompressed, from the bottom; empty if it is unknown. */
  readonly layerBytes: readonly number[]
}

function resultOf(
  {digest, facts, readFrom, reference}: OpenedPackage,
  image: ImageDetails,
  {bytes, compressedBytes, layerBytes, without}: Sizes,
): InspectResult {
  const diffIds = image.RootFS.Layers ?? []
  const mountBytes = (facts.mounts ?? []).flatMap(({layer}) => {
    const size = layerBytes[diffIds.lastIndexOf(layer)]
    return size === undefined ? [] : [[layer, size] as const]
  })
  const {Cmd, Entrypoint, Env, ExposedPorts, User = '', WorkingDir = ''} = image.Config ?? {}
  return {
    reference,
    readFrom,
    image: image.Id,
    digest,
    platform: [image.Os, image.Architecture, image.Variant]
      .filter((part) => part !== undefined && part !== '')
      .join('/'),
    layers: diffIds.length,
    bytes,
    compressedBytes,
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
