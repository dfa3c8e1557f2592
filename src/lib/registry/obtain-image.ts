import type {Engine} from '../engine/engine.js'
import type {ImageDetails} from '../engine/types.js'
import {FailedError} from '../error/keg-error.js'
import {formatReference, hubRegistry, isDigest, type Digest, type Reference} from '../reference/reference.js'
import {pullImage} from './pull.js'
import {isUnreachable} from './registry-error.js'
import type {ProgressListener} from '../terminal/progress.js'

/** When the registry is asked, in docker's words. */
export const PULL_POLICIES = ['always', 'missing', 'never'] as const
export type PullPolicy = (typeof PULL_POLICIES)[number]

/** What is needed to get an image into the engine. */
export interface ObtainOptions {
  readonly engine: Engine
  /** With a tag or a digest. */
  readonly reference: Reference
  readonly pull: PullPolicy
  readonly environment: NodeJS.ProcessEnv
  readonly progress: ProgressListener
  readonly signal: AbortSignal
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
}

/** An image that is in the engine, and the exact name it has there. */
export interface ObtainedImage {
  readonly image: ImageDetails
  /** With the digest, where one is known: what is created from it is this image, whatever is pulled meanwhile. */
  readonly pinned: Reference
  readonly digest: Digest | undefined
}

/**
 * Gets the image by the pull policy. With `always` a local image serves, with a warning, when the registry cannot be reached, and
 * without asking Docker Hub when it is a package that was made here and has no registry in its name.
 * @throws FailedError `image-missing`, or what pulling throws.
 */
export async function obtainImage(options: ObtainOptions): Promise<ObtainedImage> {
  const {engine, reference, pull, say} = options
  const name = formatReference(reference)
  const local = await engine.image(name)
  if (local !== undefined && isLocalPackage(local, reference)) {
    if (pull === 'always')
      say(`${name} has no registry in its name and is a package of this engine: nothing is pulled.`)
    return localImage(local, reference)
  }
  if (local !== undefined && pull !== 'always') return localImage(local, reference)
  if (pull === 'never')
    throw new FailedError(`The image ${name} is not in this engine, and --pull never forbids to fetch it.`, {
      code: 'image-missing',
      hint: 'Leave --pull never out, or say --pull missing.',
    })
  try {
    const {digest} = await pullImage(options)
    const pinned = {...reference, digest: reference.digest ?? digest}
    const image = (await engine.image(formatReference(pinned))) ?? (await engine.image(name))
    if (image !== undefined) return {image, pinned, digest: pinned.digest}
  } catch (error) {
    if (local === undefined || !isUnreachable(error)) throw error
    say(
      `Warning: the registry ${reference.registry} cannot be reached; the image that is here is used, it may be older.`,
    )
    return localImage(local, reference)
  }
  throw new FailedError(`The image ${name} was pulled and is gone again.`, {
    code: 'image-missing',
    hint: 'Something else removes images from this engine; try again.',
  })
}

/** Docker Hub keeps single names for itself, so a package under one can only have been made here. */
function isLocalPackage(image: ImageDetails, {registry, repository}: Reference): boolean {
  return (
    registry === hubRegistry &&
    repository.startsWith('library/') &&
    image.Config?.Labels?.['com.keg.role'] === 'package'
  )
}

function localImage(image: ImageDetails, reference: Reference): ObtainedImage {
  const digest = reference.digest ?? localDigest(image, reference)
  return {image, digest, pinned: {...reference, digest}}
}

function localDigest(image: ImageDetails, {registry, repository}: Reference): Digest | undefined {
  const prefix = `${formatReference({registry, repository})}@`
  const found = (image.RepoDigests ?? []).find((name) => name.startsWith(prefix))?.slice(prefix.length)
  return found !== undefined && isDigest(found) ? found : undefined
}
