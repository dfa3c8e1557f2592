import {listProperty, parseJson, property} from '../../json/json.js'
import type {LayoutLayer} from '../archive/layout-files.js'
import {blobPath} from '../archive/layout-files.js'
import {INDEXES, MANIFESTS} from '../archive/media-types.js'
import type {Descriptor} from '../model.js'
import {fileHasSeveral} from './file-error.js'
import {SINCE_ANNOTATION, WITHOUT_ANNOTATION, type ImageParts} from './model.js'
import type {Document, TarFile, TarFiles} from './tar-files.js'

/** An image of a layout, before its layers are matched with its configuration. */
export interface LayoutImage extends ImageParts {
  readonly layers: readonly LayoutLayer[]
  /** diffIDs of layers that the file says it leaves out. */
  readonly without: readonly string[]
}

/** A manifest that an index lists. */
interface Listed {
  readonly descriptor: Descriptor
  readonly annotations: unknown
}

/** The annotations that name an image: containerd's, with the whole name, and the specification's (annotations.md). */
const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'] as const

/**
 * Reads the documents of an OCI image layout (OCI image-spec 1.1, image-layout.md) with one image, as keg, docker save, buildx and
 * skopeo write it. An index in its index is followed once; attestations, and images of it that are not in the file, do not count.
 * @throws FailedError `file-invalid`, `file-several`; RefusedError `file-damaged`
 */
export async function readLayout(files: TarFiles, path: string): Promise<LayoutImage> {
  const version = property((await files.document('oci-layout'))?.value, 'imageLayoutVersion')
  if (typeof version !== 'string' || !version.startsWith('1.')) throw files.invalid('its oci-layout has no version 1')
  const index = await files.document('index.json')
  if (index === undefined) throw files.invalid('its index.json is missing')
  const listed = await imagesOf(files, index, 0)
  const [first] = listed
  if (first === undefined) throw files.invalid('its index.json lists no image')
  const {digest} = first.descriptor
  const names = listed.map(nameOf)
  if (listed.some(({descriptor}) => descriptor.digest !== digest))
    throw fileHasSeveral(path, [...new Set(listed.map((each, at) => names[at] ?? each.descriptor.digest))])
  const since = property(first.annotations, SINCE_ANNOTATION)
  return {
    ...(await readManifest(files, first.descriptor)),
    names: names.filter((name) => name !== undefined),
    since: typeof since === 'string' ? since : undefined,
    without: since === undefined ? [] : textList(property(first.annotations, WITHOUT_ANNOTATION)),
  }
}

/** The images that an index lists, those of an index in it included. */
async function imagesOf(files: TarFiles, {value}: Document, depth: 0 | 1): Promise<Listed[]> {
  const found: Listed[] = []
  for (const entry of listProperty(value, 'manifests')) {
    const descriptor = descriptorOf(files, entry)
    const annotations = property(entry, 'annotations')
    if (isAttestation(entry, annotations)) continue
    const file = files.file(blobPath(descriptor.digest))
    // docker save and buildx keep the index of an image for several platforms, of which the file may have one.
    if (file === undefined && depth === 1) continue
    const document = await files.document(blobOf(files, descriptor, file).path)
    if (INDEXES.includes(descriptor.mediaType)) {
      if (depth === 1 || document === undefined) throw files.invalid('it has an index in an index of its index.json')
      const inner = await imagesOf(files, document, 1)
      found.push(...inner.map((image) => ({...image, annotations})))
    } else if (MANIFESTS.includes(descriptor.mediaType)) found.push({descriptor, annotations})
    else throw files.invalid(`its index lists something that is not an image (${descriptor.mediaType})`)
  }
  return found
}

/** buildx describes how it built an image in another manifest beside it. */
function isAttestation(entry: unknown, annotations: unknown): boolean {
  return (
    property(annotations, 'vnd.docker.reference.type') !== undefined ||
    property(property(entry, 'platform'), 'os') === 'unknown'
  )
}

function nameOf({annotations}: Listed): string | undefined {
  for (const key of NAME_ANNOTATIONS) {
    const name = property(annotations, key)
    if (typeof name === 'string') return name
  }
  return undefined
}

async function readManifest(
  files: TarFiles,
  descriptor: Descriptor,
): Promise<Pick<LayoutImage, 'config' | 'layers' | 'manifest'>> {
  const document = await files.document(blobOf(files, descriptor).path)
  const config = descriptorOf(files, property(document?.value, 'config'))
  const configuration = await files.document(blobOf(files, config).path)
  if (document === undefined || configuration === undefined) throw files.invalid('it lacks a manifest')
  const layers = listProperty(document.value, 'layers').map((entry): LayoutLayer => {
    const layer = descriptorOf(files, entry)
    const file = files.file(blobPath(layer.digest))
    if (file === undefined) return {descriptor: layer, read: undefined}
    blobOf(files, layer, file)
    return {descriptor: layer, read: () => files.read(file)}
  })
  return {config: configuration.content, manifest: {descriptor, content: document.content}, layers}
}

/** The blob of a descriptor. Its digest was checked when the file was read. */
function blobOf(files: TarFiles, {digest, size}: Descriptor, file = files.file(blobPath(digest))): TarFile {
  if (file === undefined) throw files.invalid(`the blob ${digest} is missing`)
  if (file.digest !== digest) throw files.damaged(`the blob ${digest} has other content`)
  if (file.size !== size) throw files.damaged(`the blob ${digest} has ${file.size} bytes instead of ${size}`)
  return file
}

function descriptorOf(files: TarFiles, value: unknown): Descriptor {
  const [mediaType, digest, size] = [property(value, 'mediaType'), property(value, 'digest'), property(value, 'size')]
  const isDigest = typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)
  if (typeof mediaType !== 'string' || !isDigest || !Number.isSafeInteger(size))
    throw files.invalid('a descriptor in it has no media type, sha256 digest and size')
  return {mediaType, digest, size: size as number}
}

function textList(text: unknown): string[] {
  const value = typeof text === 'string' ? parseJson(text) : undefined
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
