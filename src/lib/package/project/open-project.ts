import type {Engine} from '../../engine/engine.js'
import {RefusedError} from '../../error/keg-error.js'
import {listProperty, property} from '../../json/json.js'
import {formatReference, parseTag, type Digest, type Reference} from '../../reference/reference.js'
import {digestIn, readConfig} from '../../registry/client/image-config.js'
import {INDEX_TYPES} from '../../registry/client/media-type.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import type {ProjectModel} from './model.js'
import {PROJECT_TYPE} from './project-index.js'
import {readRegistry} from '../remote/registry-reader.js'
import {readProjectModel} from './read-model.js'

/** A compose project in a registry. */
export interface RegistryProject {
  /** Of its index. */
  readonly digest: Digest
  readonly model: ProjectModel
}

/**
 * Opens the package of a compose project in its registry: only the index and the model are read. The work's cleanup ends the connections.
 * @returns undefined if the name is that of something else, such as a single image
 * @throws FailedError with a code of registry-error.ts; RefusedError `project-invalid`; what findCredentials throws
 */
export async function openProject(
  work: Work,
  reference: Reference,
  engine: Engine | undefined,
): Promise<RegistryProject | undefined> {
  const {client, explain} = await readRegistry(work, reference, engine)
  const index = await client.manifests.get(reference.digest ?? reference.tag ?? LATEST).catch((error: unknown) => {
    throw explain(error)
  })
  if (index === undefined || !INDEX_TYPES.includes(index.mediaType)) return undefined
  if (property(index.content, 'artifactType') !== PROJECT_TYPE) return undefined
  const value = await readModelOf(client, index.content).catch((error: unknown) => {
    throw explain(error)
  })
  const model = readProjectModel(value)
  const images = new Set(listProperty(index.content, 'manifests').map((entry) => digestIn(entry)))
  // An image that the index does not name may be removed by the registry, and is not what was pushed.
  if (model === undefined || !Object.values(model.services).every(({image}) => images.has(image)))
    throw new RefusedError(`${printable(formatReference(reference))} is not a valid package of a compose project.`, {
      code: 'project-invalid',
      hint: 'Have it packaged again, with the same version of keg.',
    })
  return {digest: index.digest, model}
}

const LATEST = parseTag('latest')

/** Reads the model that an index names; undefined if it names none. */
async function readModelOf(client: RegistryClient, index: unknown): Promise<unknown> {
  const entry = listProperty(index, 'manifests').find((each) => property(each, 'artifactType') === PROJECT_TYPE)
  const digest = digestIn(entry)
  const manifest = digest && (await client.manifests.get(digest))
  const config = property(manifest?.content, 'config')
  const [mediaType, size] = [property(config, 'mediaType'), property(config, 'size')]
  const blob = digestIn(config)
  if (mediaType !== PROJECT_TYPE || blob === undefined || typeof size !== 'number') return undefined
  return readConfig(client, {digest: blob, size})
}
