import type {ImageDetails} from '../engine/types.js'
import {FailedError} from '../error/keg-error.js'
import {formatReference, hubRegistry, isDigest, type Digest, type Reference} from '../reference/reference.js'
import {pullImage} from './pull.js'
import {isUnreachable} from './registry-error.js'
import type {EngineWork} from '../engine/engine-work.js'

/** When to ask the registry, in docker's words. */
export const PULL_POLICIES = ['always', 'missing', 'never'] as const
export type PullPolicy = (typeof PULL_POLICIES)[number]

/** Options for getting an image into the engine. */
export interface ObtainOptions {
  /** With a tag or a digest. */
  readonly reference: Reference
  readonly pull: PullPolicy
}

/** An image in the engine, and its exact name there. */
export interface ObtainedImage {
  readonly image: ImageDetails
  /** With the digest, if known: a container created from it has this image, whatever is pulled meanwhile. */
  readonly pinned: Reference
  readonly digest: Digest | undefined
}

/**
 * Gets an image by the pull policy. With `always`, a local image is used, with a warning, if the registry cannot be reached; and
 * without asking Docker Hub if it is a package that was made here and has no registry in its name.
 * @throws FailedError `image-missing`, or what pulling throws.
 */
export async function obtainImage(
  work: Pick<EngineWork, 'engine' | 'environment' | 'notice'>,
  options: ObtainOptions,
): Promise<ObtainedImage> {
  const {engine, notice} = work
  const {reference, pull} = options
  const name = formatReference(reference)
  const local = await engine.image(name)
  if (local !== undefined && isLocalPackage(local, reference)) {
    if (pull === 'always')
      notice(`${name} has no registry in its name and is a package of this engine: nothing is pulled.`)
    return localImage(local, reference)
  }
  if (local !== undefined && pull !== 'always') return localImage(local, reference)
  if (pull === 'never')
    throw new FailedError(`The image ${name} is not in this engine, and --pull never does not allow to pull it.`, {
      code: 'image-missing',
      hint: 'Omit --pull never, or use --pull missing.',
    })
  try {
    const {digest} = await pullImage(work, options)
    const pinned = {...reference, digest: reference.digest ?? digest}
    const image = (await engine.image(formatReference(pinned))) ?? (await engine.image(name))
    if (image !== undefined) return {image, pinned, digest: pinned.digest}
  } catch (error) {
    if (local === undefined || !isUnreachable(error)) throw error
    notice(
      `Warning: the registry ${reference.registry} cannot be reached. Using the image of this engine, which may be older.`,
    )
    return localImage(local, reference)
  }
  throw new FailedError(`The image ${name} was pulled, and removed again.`, {
    code: 'image-missing',
    hint: 'Something else removes images from this engine. Try again.',
  })
}

/** Docker Hub reserves single names, so a package with one can only have been made here. */
export function isNameWithoutRegistry({registry, repository}: Reference): boolean {
  return registry === hubRegistry && repository.startsWith('library/')
}

function isLocalPackage(image: ImageDetails, reference: Reference): boolean {
  return isNameWithoutRegistry(reference) && image.Config?.Labels?.['com.keg.role'] === 'package'
}

/** The image that the engine has under a name; undefined if it has none. Nothing is pulled. */
export async function findImage(
  {engine}: Pick<EngineWork, 'engine'>,
  reference: Reference,
): Promise<ObtainedImage | undefined> {
  const image = await engine.image(formatReference(reference))
  return image && localImage(image, reference)
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
