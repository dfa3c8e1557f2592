import {withEngine, type EngineWork} from '../engine/engine-work.js'
import type {ImageDetails} from '../engine/types.js'
import {offerRecovery} from '../container/leftover/offer-recovery.js'
import {formatReference, type Digest} from '../reference/reference.js'
import {obtainImage, type PullPolicy} from '../registry/obtain-image.js'
import type {Work} from '../work/work.js'
import {requestedPackage} from './requested-package.js'

/** Which package is meant. */
export interface PackageQuery {
  /** As the user typed it; if undefined, the user is asked. */
  readonly reference: string | undefined
  readonly pull: PullPolicy
}

/** A package that the engine has. */
export interface OpenedPackage {
  readonly work: EngineWork
  readonly reference: string
  readonly image: ImageDetails
  /** Undefined if it has none from a registry. */
  readonly digest: Digest | undefined
}

/** Finds out which package is meant, and pulls it by the policy. @throws what reading the reference and pulling throw. */
export async function openPackage(surrounding: Work, query: PackageQuery): Promise<OpenedPackage> {
  const {isPlain, reference, understood} = await requestedPackage(surrounding, query.reference)
  if (!isPlain) surrounding.notice(`Understood: ${understood}.`)
  const work = await withEngine(surrounding)
  await offerRecovery(work)
  const {digest, image} = await obtainImage(work, {pull: query.pull, reference})
  return {work, reference: formatReference(reference), image, digest}
}
