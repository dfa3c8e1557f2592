import type {Questions} from '../command/ask.js'
import {Engine} from '../engine/engine.js'
import type {ImageDetails} from '../engine/types.js'
import {offerToFree} from '../maintenance/offer-to-free.js'
import {formatReference, type Digest} from '../reference/reference.js'
import type {ProgressListener} from '../terminal/progress.js'
import {obtainImage, type PullPolicy} from '../registry/obtain-image.js'
import {requestedPackage} from './requested-package.js'

/** Which package is asked about, and who is told. */
export interface PackageQuery {
  /** As the user gave it; undefined is asked for. */
  readonly reference: string | undefined
  readonly pull: PullPolicy
  readonly environment: NodeJS.ProcessEnv
  readonly questions: Questions
  readonly progress: ProgressListener
  readonly signal: AbortSignal
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
}

/** A package that its engine has. The connection ends when it is disposed of. */
export interface OpenedPackage extends AsyncDisposable {
  readonly engine: Engine
  readonly reference: string
  readonly image: ImageDetails
  /** Undefined where no registry gave it one. */
  readonly digest: Digest | undefined
}

/** Understands which package is meant, and gets it into the engine by the policy. @throws what understanding and pulling throw. */
export async function openPackage(query: PackageQuery): Promise<OpenedPackage> {
  const {environment, questions, say} = query
  const {reference, understood} = await requestedPackage(query.reference, questions)
  say(`Understood: ${understood}.`)
  const engine = await Engine.connect(environment)
  try {
    await offerToFree({engine, environment, questions, say})
    const {digest, image} = await obtainImage({...query, engine, reference})
    const close = (): Promise<void> => engine[Symbol.asyncDispose]()
    return {engine, reference: formatReference(reference), image, digest, [Symbol.asyncDispose]: close}
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}
