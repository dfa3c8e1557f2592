import {createHash} from 'node:crypto'
import {readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {listProperty, parseJson, property} from '../../json/json.js'
import {stateFolder} from '../../process/state-folder.js'
import {isDigest, isRepositoryPath, type Digest, type RepositoryPath} from '../../reference/reference.js'
import {removeOldFiles, writeStateFile} from './state-file.js'

/** A repository of a registry. */
export interface RepositoryName {
  readonly registry: string
  readonly repository: RepositoryPath
}

/** A blob that some registry had for a layer. */
export interface KnownBlob {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  /** Where it was, the latest first. */
  readonly repositories: readonly RepositoryName[]
}

/** How many layers are remembered. */
const MAX_LAYERS = 2000

/** How many blobs of a layer, and repositories of a blob. */
const MAX_ITEMS = 10

/**
 * Remembers which blob a layer became when it was compressed, and where that was sent, in a file for each layer in keg's state
 * folder. Only a hint: whoever uses it asks the registry for the blob. A folder that cannot be read or written is taken for an empty
 * one, because a package does not depend on it.
 */
export class LayerCache {
  readonly #folder: string

  constructor(environment: NodeJS.ProcessEnv) {
    this.#folder = join(stateFolder(environment), 'layers')
  }

  /** The blobs of a layer, the latest first. */
  async read(diffId: string): Promise<readonly KnownBlob[]> {
    const text = await readFile(this.#file(diffId), 'utf8').catch(() => '')
    return listProperty(parseJson(text), 'blobs').flatMap((each) => blobFrom(each) ?? [])
  }

  /** Remembers where a layer's blob is. */
  async add(diffId: string, blob: Omit<KnownBlob, 'repositories'>, place: RepositoryName): Promise<void> {
    const known = await this.read(diffId)
    const earlier = known.find(({digest}) => digest === blob.digest)?.repositories ?? []
    const isSame = (other: RepositoryName): boolean =>
      other.registry === place.registry && other.repository === place.repository
    const repositories = [place, ...earlier.filter((other) => !isSame(other))].slice(0, MAX_ITEMS)
    const {digest, mediaType, size} = blob
    const others = known.filter((other) => other.digest !== digest)
    const blobs = [{mediaType, digest, size, repositories}, ...others].slice(0, MAX_ITEMS)
    await writeStateFile(this.#file(diffId), {blobs}).catch(() => undefined)
  }

  /** Whether a layer from this place was sent before: then its content may well be there. @param place in any words */
  async knowsPlace(place: string): Promise<boolean> {
    return (await stat(this.#placeFile(place)).catch(() => undefined)) !== undefined
  }

  /** Remembers that a layer from this place was sent. */
  async addPlace(place: string): Promise<void> {
    await writeStateFile(this.#placeFile(place), {}).catch(() => undefined)
  }

  /** Forgets the layers that were not used for the longest time. */
  async tidy(maxLayers = MAX_LAYERS): Promise<void> {
    await removeOldFiles(this.#folder, {maxFiles: maxLayers})
  }

  #placeFile(place: string): string {
    return join(this.#folder, `place-${createHash('sha256').update(place).digest('hex')}.json`)
  }

  #file(diffId: string): string {
    return join(this.#folder, `${diffId.replace(/[^\w]/g, '-')}.json`)
  }
}

function blobFrom(value: unknown): KnownBlob | undefined {
  const [mediaType, digest, size] = [property(value, 'mediaType'), property(value, 'digest'), property(value, 'size')]
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return undefined
  if (typeof size !== 'number' || !Number.isSafeInteger(size)) return undefined
  const repositories = listProperty(value, 'repositories').flatMap((each) => {
    const [registry, repository] = [property(each, 'registry'), property(each, 'repository')]
    const isPlace = typeof registry === 'string' && typeof repository === 'string' && isRepositoryPath(repository)
    return isPlace ? [{registry, repository}] : []
  })
  return {mediaType, digest, size, repositories}
}
