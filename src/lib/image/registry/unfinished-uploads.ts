import {createHash} from 'node:crypto'
import {readFile, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {parseJson, property} from '../../json/json.js'
import {processOwnerState, readOwner, thisOwner} from '../../lock/process-owner.js'
import {stateFolder} from '../../process/state-folder.js'
import {isOwnPath, type UploadCheckpoint, type UploadMemory} from '../../registry/client/upload-checkpoint.js'
import type {RepositoryName} from './layer-cache.js'
import {removeOldFiles, writeStateFile} from './state-file.js'

/** What is uploaded. */
export interface UploadSubject extends RepositoryName {
  /** A digest, or where it comes from: it may have changed since, which the digest of the checkpoint shows. */
  readonly content: string
  /** How it is compressed, on which its bytes depend. */
  readonly compression: string
}

/** How many uploads are remembered. */
const MAX_UPLOADS = 100

/** distribution removes uploads that are older than a week (configuration, `uploadpurging`). */
const MAX_AGE_MILLISECONDS = 7 * 24 * 60 * 60 * 1000

/**
 * Remembers how far uploads have got that were not finished, in a file for each in keg's state folder. Only a hint: whoever uses it
 * asks the registry, and compares the digest of what was sent. A folder that cannot be read or written is taken for an empty one.
 */
export class UnfinishedUploads {
  readonly #folder: string

  constructor(environment: NodeJS.ProcessEnv) {
    this.#folder = join(stateFolder(environment), 'uploads')
  }

  /** What is remembered of an upload; undefined if another keg works on it. */
  async open(subject: UploadSubject): Promise<UnfinishedUpload | undefined> {
    const {compression, content, registry, repository} = subject
    const key = [registry, repository, content, compression]
    const file = join(this.#folder, `${createHash('sha256').update(key.join('\n')).digest('hex')}.json`)
    const record = parseJson(await readFile(file, 'utf8').catch(() => ''))
    const age = Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? 0)
    const isSame = key.every((text, index) => property(record, NAMES[index] ?? '') === text)
    if (!isSame || age > MAX_AGE_MILLISECONDS) return new UnfinishedUpload(file, subject, undefined)
    const owner = readOwner(JSON.stringify(property(record, 'owner')))
    const isFree = owner === undefined || owner.pid === process.pid || processOwnerState(owner) === 'dead'
    return isFree ? new UnfinishedUpload(file, subject, checkpointIn(record)) : undefined
  }

  /** Forgets uploads that the registry will have forgotten, and those that were begun first if there are many. */
  async tidy(): Promise<void> {
    await removeOldFiles(this.#folder, {maxFiles: MAX_UPLOADS, maxAgeMilliseconds: MAX_AGE_MILLISECONDS})
  }
}

const NAMES = ['registry', 'repository', 'content', 'compression'] as const

/** What is remembered of one upload. */
export class UnfinishedUpload implements UploadMemory {
  #bytes: number

  constructor(
    private readonly file: string,
    private readonly subject: UploadSubject,
    readonly earlier: UploadCheckpoint | undefined,
  ) {
    this.#bytes = earlier?.bytes ?? 0
  }

  /** How many bytes the registry keeps; 0 once it is forgotten. */
  get bytes(): number {
    return this.#bytes
  }

  async save(checkpoint: UploadCheckpoint): Promise<boolean> {
    const {compression, content, registry, repository} = this.subject
    const record = {registry, repository, content, compression, owner: thisOwner(), ...checkpoint}
    const isSaved = await writeStateFile(this.file, record).then(
      () => true,
      () => false,
    )
    if (isSaved) this.#bytes = checkpoint.bytes
    return isSaved
  }

  async forget(): Promise<void> {
    this.#bytes = 0
    await rm(this.file, {force: true}).catch(() => undefined)
  }
}

function checkpointIn(record: unknown): UploadCheckpoint | undefined {
  const [path, bytes, sha256] = [property(record, 'path'), property(record, 'bytes'), property(record, 'sha256')]
  const minChunkBytes = property(record, 'minChunkBytes')
  if (typeof path !== 'string' || !isOwnPath(path)) return undefined
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return undefined
  return isCount(bytes) && bytes > 0 && isCount(minChunkBytes) ? {path, bytes, sha256, minChunkBytes} : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
