import {INDEXES, OCI} from '../../image/archive/media-types.js'
import type {ManifestFile} from '../../image/archive/layout-files.js'
import type {Descriptor} from '../../image/model.js'
import {listProperty, property} from '../../json/json.js'
import type {Digest} from '../../reference/reference.js'
import {digestIn} from '../../registry/client/image-config.js'
import {printable} from '../../terminal/text.js'
import {sha256Digest} from '../../tar/bytes.js'
import type {ProjectModel} from './model.js'

/** What the index, the manifest of the model and its configuration are (OCI image-spec 1.1, manifest.md, "artifactType"). */
export const PROJECT_TYPE = 'application/vnd.keg.project.v1+json'

/** In the index, on the descriptor of an image: the name of its service. */
export const SERVICE_ANNOTATION = 'com.keg.project.service'

/** The empty descriptor (OCI image-spec 1.1, manifest.md, "Guidance for an Empty Descriptor"). */
export const EMPTY_BLOB = Buffer.from('{}')
const EMPTY: Descriptor = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: sha256Digest(EMPTY_BLOB),
  size: EMPTY_BLOB.length,
}

/** A service in an index. */
export interface IndexedService {
  readonly service: string
  readonly manifest: Descriptor
  readonly platform: {readonly os: string; readonly architecture: string; readonly variant?: string | undefined}
}

/** The documents of a project in a repository, besides its images. */
export interface ProjectDocuments {
  /** The model: a blob. */
  readonly model: Buffer
  /** The manifest that names it. */
  readonly manifest: ManifestFile
  readonly index: ManifestFile
}

/**
 * The documents of a project: a manifest with the model as its configuration, and an index of the images and that manifest. Engines that
 * pull the index by its name take the first image for their platform; each service has its own digest.
 * @param annotations of the index
 */
export function projectDocuments(
  model: ProjectModel,
  services: readonly IndexedService[],
  annotations: Readonly<Record<string, string>>,
): ProjectDocuments {
  const blob = Buffer.from(JSON.stringify(model))
  const manifest = fileOf(OCI.manifest, {
    schemaVersion: 2,
    mediaType: OCI.manifest,
    artifactType: PROJECT_TYPE,
    config: {mediaType: PROJECT_TYPE, digest: sha256Digest(blob), size: blob.length},
    layers: [EMPTY],
  })
  const [indexType = ''] = INDEXES
  const index = fileOf(indexType, {
    schemaVersion: 2,
    mediaType: indexType,
    artifactType: PROJECT_TYPE,
    manifests: [
      ...services.map(({manifest: {digest, mediaType, size}, platform, service}) => ({
        ...{mediaType, digest, size, platform},
        annotations: {[SERVICE_ANNOTATION]: service},
      })),
      // As what describes an image has it: no engine takes it for an image.
      {...manifest.descriptor, artifactType: PROJECT_TYPE, platform: {os: 'unknown', architecture: 'unknown'}},
    ],
    annotations,
  })
  return {model: blob, manifest, index}
}

/** The services that an index names, by name; empty if it is not that of a project. */
export function servicesIn(index: unknown): readonly string[] {
  const services = entriesIn(index).flatMap((entry) => {
    const service = property(property(entry, 'annotations'), SERVICE_ANNOTATION)
    return typeof service === 'string' ? [printable(service)] : []
  })
  return services.sort()
}

/** The digests of the images of a project; empty if the index is that of something else. */
export function imagesIn(index: unknown): readonly Digest[] {
  return entriesIn(index).flatMap((entry) => digestIn(entry) ?? [])
}

/** More than anybody packages at once. */
const MAX_ENTRIES = 101

function entriesIn(index: unknown): readonly unknown[] {
  if (property(index, 'artifactType') !== PROJECT_TYPE) return []
  return listProperty(index, 'manifests').slice(0, MAX_ENTRIES)
}

function fileOf(mediaType: string, value: object): ManifestFile {
  const content = Buffer.from(JSON.stringify(value))
  return {descriptor: {mediaType, digest: sha256Digest(content), size: content.length}, content}
}
