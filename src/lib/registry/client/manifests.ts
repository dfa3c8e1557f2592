import {createHash} from 'node:crypto'
import {parseJson} from '../../json/json.js'
import {isDigest, type Digest, type Tag} from '../../reference/reference.js'
import type {ReadAnswer} from './answer-failure.js'
import {nameRequest} from './connection-failure.js'
import {IMAGE_TYPES, INDEX_TYPES, mediaTypeOf} from './media-type.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'

/** A manifest as the registry has it. */
export interface StoredManifest {
  readonly digest: Digest
  readonly mediaType: string
  /** Byte by byte, which the digest depends on. */
  readonly bytes: Buffer
  /** Parsed; nothing about its form is checked. */
  readonly content: unknown
}

/** What a registry says about a manifest without sending it. */
export interface ManifestHead {
  /** Undefined if the registry does not say. */
  readonly digest: Digest | undefined
  readonly mediaType: string | undefined
  readonly size: number | undefined
}

/** The manifests of a repository. All throw RegistryFailure, and the reason of the signal. */
export class Manifests {
  constructor(private readonly requests: RegistryRequests) {}

  /** @returns undefined if there is none */
  async head(name: Tag | Digest, accept: readonly string[] = ALL_TYPES): Promise<ManifestHead | undefined> {
    const answer = await this.requests.ask({
      method: 'HEAD',
      path: `manifests/${name}`,
      headers: {accept: accept.join(', ')},
    })
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw await this.requests.failure(answer)
    const digest = statedDigest(answer)
    if (digest !== undefined && isDigest(name) && digest !== name) throw mismatch(answer, 'has another digest')
    const {'content-length': length, 'content-type': type} = answer.headers
    return {
      digest,
      mediaType: type,
      size: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    }
  }

  /** Reads a manifest and checks its digest. @returns undefined if there is none */
  async get(name: Tag | Digest, accept: readonly string[] = ALL_TYPES): Promise<StoredManifest | undefined> {
    const answer = await this.requests.ask({
      method: 'GET',
      path: `manifests/${name}`,
      headers: {accept: accept.join(', ')},
    })
    if (answer.status === 404) return undefined
    if (answer.status !== 200) throw await this.requests.failure(answer)
    const {body: bytes, headers} = answer
    const content = parseJson(bytes.toString('utf8'))
    const mediaType = mediaTypeOf(headers['content-type'], content)
    if (mediaType === undefined || content === undefined) throw mismatch(answer, 'is no manifest')
    const expected = isDigest(name) ? name : statedDigest(answer)
    const digest = digestOf(bytes, expected?.slice(0, expected.indexOf(':')) ?? 'sha256')
    if (expected !== undefined && digest !== expected) throw mismatch(answer, 'has another digest', true)
    return {digest, mediaType, bytes, content}
  }

  /**
   * Stores a manifest under a tag or its own digest. The registry refuses it if a blob in it is missing.
   * @returns its digest
   */
  async put(name: Tag | Digest, {bytes, mediaType}: Pick<StoredManifest, 'bytes' | 'mediaType'>): Promise<Digest> {
    const {limits} = this.requests
    const answer = await this.requests.ask({
      method: 'PUT',
      path: `manifests/${name}`,
      headers: {'content-type': mediaType},
      body: {length: bytes.length, isRepeatable: true, chunks: () => [bytes]},
      answerMilliseconds: limits.commitMilliseconds,
    })
    if (answer.status !== 201 && answer.status !== 200) throw await this.requests.failure(answer)
    const stated = statedDigest(answer)
    const digest = digestOf(bytes, stated?.slice(0, stated.indexOf(':')) ?? 'sha256')
    if (stated !== undefined && stated !== digest) throw mismatch(answer, 'was stored with another digest')
    return digest
  }

  /** Deletes a tag, or a manifest with all its tags. @returns whether there was one */
  async delete(name: Tag | Digest): Promise<boolean> {
    const answer = await this.requests.ask({method: 'DELETE', path: `manifests/${name}`})
    if (answer.status === 404) return false
    if (answer.status < 200 || answer.status > 204) throw await this.requests.failure(answer)
    return true
  }
}

const ALL_TYPES = [...IMAGE_TYPES, ...INDEX_TYPES]

/** The digest of a manifest. */
function digestOf(bytes: Buffer, algorithm: string): Digest {
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
  if (!isDigest(digest)) throw new Error(`not a digest: ${digest}`)
  return digest
}

function statedDigest(answer: ReadAnswer): Digest | undefined {
  const stated = answer.headers['docker-content-digest']
  if (stated === undefined) return undefined
  if (typeof stated === 'string' && isDigest(stated)) return stated
  throw mismatch(answer, 'has an invalid digest')
}

function mismatch(answer: ReadAnswer, problem: string, isDamaged = false): RegistryFailure {
  return new RegistryFailure('not-a-registry', nameRequest(answer, `the answer ${problem}`), {isDamaged})
}
