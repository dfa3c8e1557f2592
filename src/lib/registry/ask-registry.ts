import {setTimeout} from 'node:timers/promises'
import {EngineError} from '../engine/engine-error.js'
import type {Engine} from '../engine/engine.js'
import {FailedError} from '../error/keg-error.js'
import {formatReference, isDigest, type Digest, type Reference, type Tag} from '../reference/reference.js'
import {ONE_TRY, TWO_TRIES} from './client/limits.js'
import {RegistryClient} from './client/registry-client.js'
import {RegistryFailure} from './client/registry-failure.js'
import {UploadSession} from './client/upload-session.js'
import {encodeRegistryAuth} from './credentials.js'
import {failureKind, type FailureKind} from './failure-kind.js'
import {readTag, type TagContent} from './read-tag.js'
import {registryError} from './registry-error.js'
import {tryPush, type PushAnswer} from './try-push.js'
import type {Credentials} from './model.js'
import type {EngineWork} from '../engine/engine-work.js'

export interface AskRegistryOptions {
  readonly reference: Reference & {readonly tag: Tag}
  readonly credentials: Credentials
  /** Who will push (default: the engine). */
  readonly sender?: 'engine' | 'keg'
  /** How long to wait for the engine to reach the registry. */
  readonly engineMilliseconds?: number
  /** How long keg's own requests may take. */
  readonly directMilliseconds?: number
}

/** What is known from a registry before a push. */
export interface RegistryFindings {
  /** Undefined if there is no such tag. */
  readonly existing:
    | {readonly digest: Digest | undefined; readonly labels: TagContent['labels'] | undefined}
    | undefined
  /** Doubts, one sentence each. */
  readonly warnings: readonly string[]
}

/** Distribution's own client gives up after 15 s. */
const ENGINE_MILLISECONDS = 20_000
const DIRECT_MILLISECONDS = 8000

/** How long to wait before asking a registry that failed once more. */
const RETRY_MILLISECONDS = 1000

/** The outcome of the engine's request for a tag. */
type EngineAnswer =
  | {readonly kind: 'held'; readonly digest: Digest | undefined}
  | {readonly kind: 'free'}
  | {readonly kind: 'failed'; readonly error: EngineError; readonly failure: FailureKind}

/** What keg itself learns from a registry. */
interface DirectAnswer {
  readonly content: TagContent | undefined
  readonly push: PushAnswer
}

const NO_ANSWER: DirectAnswer = {content: undefined, push: {kind: 'unknown'}}

/** The engine cannot reach the registry at all, whatever keg's own request does. */
const UNREACHABLE_KINDS: readonly FailureKind[] = [
  'registry-proxy',
  'registry-certificate',
  'registry-insecure',
  'registry-unreachable',
  'registry-broke-off',
]

/** Failures that a push would get too, unless the registry said that it accepts one. */
const DENIED_KINDS: readonly FailureKind[] = ['registry-unauthorized', 'registry-denied', 'not-a-registry']

/**
 * Asks a registry whether a push would succeed, and what it has under the tag. The engine, which does the push, is asked to reach
 * the registry and sign in. keg itself asks for what engines do not pass on: whether a push is allowed, if the engine is on this
 * machine, and the labels of the image there. What keg cannot find out is left to the push.
 * @throws FailedError with a code of failure-kind.ts
 */
export async function askRegistry(
  work: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  options: AskRegistryOptions,
): Promise<RegistryFindings> {
  if (options.sender === 'keg') return askAsSender(work, options)
  const {signal} = work
  const {credentials, reference} = options
  const {registry, repository} = reference
  const [engineAnswer, direct] = await Promise.all([askEngine(work, options), askDirectly(work, options)])
  signal.throwIfAborted()
  const explained = (error: EngineError): unknown =>
    registryError(error, {action: 'push', reference, credentials, leaves: 'nothing'})
  if (engineAnswer.kind === 'failed' && UNREACHABLE_KINDS.includes(engineAnswer.failure))
    throw explained(engineAnswer.error)
  if (direct.push.kind === 'refused') throw explained(new EngineError(direct.push.status, direct.push.response))
  const warnings: string[] = []
  if (direct.push.kind === 'missing')
    warnings.push(
      `${registry} has no repository ${repository} (${direct.push.response}). Unless the registry creates it, the push will fail, and the image is kept in the engine.`,
    )
  if (engineAnswer.kind === 'failed') {
    const isConclusive = engineAnswer.failure === 'registry-unauthorized' || work.engine.endpoint.kind === 'socket'
    if (direct.push.kind === 'unknown' && DENIED_KINDS.includes(engineAnswer.failure) && isConclusive)
      throw explained(engineAnswer.error)
    if (direct.content === undefined)
      warnings.push(
        `Cannot check what ${registry} has as ${formatReference(reference)} (${engineAnswer.error.response}).`,
      )
  }
  return {existing: existingTag(engineAnswer, direct, work.engine), warnings: warnings}
}

/** Asks a registry that keg itself will push to. Its answers are what the push will get. */
async function askAsSender(
  {engine, environment, signal}: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  {credentials, directMilliseconds = ENGINE_MILLISECONDS, reference}: AskRegistryOptions,
): Promise<RegistryFindings> {
  const limitedSignal = AbortSignal.any([signal, AbortSignal.timeout(directMilliseconds)])
  using client = new RegistryClient(
    {environment, signal: limitedSignal},
    {reference, credentials, action: 'push', info: engine.facts.info, limits: TWO_TRIES},
  )
  try {
    const existing = await readTag(client, reference.tag)
    const upload = await UploadSession.begin(client.requests)
    await upload[Symbol.asyncDispose]()
    return {existing, warnings: []}
  } catch (error) {
    signal.throwIfAborted()
    const text = `no answer within ${directMilliseconds / 1000} s: timed out`
    const failure = limitedSignal.aborted ? new RegistryFailure('registry-unreachable', text) : error
    throw registryError(failure, {action: 'push', reference, credentials, leaves: 'nothing'})
  }
}

/** keg's own findings count if it read the same digest as the engine, or the engine is on this machine. */
function existingTag(
  engineAnswer: EngineAnswer,
  {content}: DirectAnswer,
  engine: Engine,
): RegistryFindings['existing'] {
  if (engineAnswer.kind === 'held') {
    const isSame = engineAnswer.digest === undefined || content?.digest === engineAnswer.digest
    return {digest: engineAnswer.digest ?? content?.digest, labels: isSame ? content?.labels : undefined}
  }
  return content !== undefined && engine.endpoint.kind === 'socket' ? content : undefined
}

async function askEngine(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  options: AskRegistryOptions,
): Promise<EngineAnswer> {
  const first = await askEngineOnce(work, options)
  if (first.kind !== 'failed' || !['registry-broke-off', 'registry-unreachable'].includes(first.failure)) return first
  if (/refused|no such host/.test(first.error.response)) return first
  await setTimeout(RETRY_MILLISECONDS, undefined, {signal: work.signal})
  return askEngineOnce(work, options)
}

async function askEngineOnce(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  options: AskRegistryOptions,
): Promise<EngineAnswer> {
  const {engine, signal} = work
  const {credentials, engineMilliseconds = ENGINE_MILLISECONDS, reference} = options
  const timeout = AbortSignal.timeout(engineMilliseconds)
  try {
    const auth = encodeRegistryAuth(credentials, reference.registry)
    const name = `${reference.registry}/${reference.repository}:${reference.tag}`
    const digest = await engine.distribution(name, auth, AbortSignal.any([signal, timeout]))
    return {kind: 'held', digest: isDigest(digest) ? digest : undefined}
  } catch (cause) {
    signal.throwIfAborted()
    const error = timeout.aborted
      ? new EngineError(0, `no answer within ${engineMilliseconds / 1000} s: timed out`, {cause})
      : cause
    if (!(error instanceof EngineError)) throw error
    const failure = failureKind(error.response, 'pull', reference)
    return failure === 'image-not-found' ? {kind: 'free'} : {kind: 'failed', error, failure}
  }
}

/** A failure here says nothing about what the engine can do. */
async function askDirectly(
  work: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  options: AskRegistryOptions,
): Promise<DirectAnswer> {
  const {engine, environment, signal} = work
  const {credentials, directMilliseconds = DIRECT_MILLISECONDS, reference} = options
  const limitedSignal = AbortSignal.any([signal, AbortSignal.timeout(directMilliseconds)])
  try {
    // Another try takes longer than the answer is worth.
    using client = new RegistryClient(
      {environment, signal: limitedSignal},
      {reference, credentials, action: 'push', info: engine.facts.info, limits: ONE_TRY},
    )
    const content = await readTag(client, reference.tag)
    // For a remote engine, the registry's name may mean another machine: its answer does not count.
    const isLocal = engine.endpoint.kind === 'socket'
    return {content, push: isLocal ? await tryPush(client).catch(() => NO_ANSWER.push) : NO_ANSWER.push}
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof FailedError) throw error
    return NO_ANSWER
  }
}
