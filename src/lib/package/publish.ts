import type {Engine} from '../engine/engine.js'
import type {Destination} from '../reference/destination.js'
import {formatReference, type Digest, type Reference} from '../reference/reference.js'
import {pushImage} from '../registry/push.js'
import type {ProgressListener} from '../terminal/progress.js'
import {Cleanup} from './cleanup.js'

/** An image that gets its names. */
export interface PublishOptions {
  readonly engine: Engine
  /** Id of the image. */
  readonly image: string
  readonly destinations: readonly Destination[]
  /** Whether names with a registry are pushed. */
  readonly push: boolean
  readonly environment: NodeJS.ProcessEnv
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/**
 * Gives an image its names and pushes it. When a name cannot be given or a signal comes, names and image are taken back,
 * and a name that was another image's before is that one's again. When a registry fails, the image keeps its names, so
 * that the push can be done again.
 * @returns the digest of each name that was pushed, in the order of the destinations.
 */
export async function publish(options: PublishOptions): Promise<(Digest | undefined)[]> {
  const {destinations, engine, environment, image, progress, push, signal} = options
  const undo = new Cleanup()
  undo.add(() => engine.removeImage(image, {force: true}))
  let keepsNames = false
  try {
    for (const {reference} of destinations) {
      signal.throwIfAborted()
      const name = formatReference(reference)
      const earlier = await engine.image(name)
      undo.add(() => (earlier === undefined ? engine.removeImage(name) : tag(engine, earlier.Id, reference)))
      await tag(engine, image, reference)
    }
    keepsNames = true
    const digests: (Digest | undefined)[] = []
    for (const {reference, remote} of destinations)
      digests.push(
        push && remote ? (await pushImage({engine, reference, environment, progress, signal})).digest : undefined,
      )
    return digests
  } catch (error) {
    // What failed first is what counts: what cannot be undone is whole, or found by its labels.
    if (!keepsNames || signal.aborted) await undo[Symbol.asyncDispose]().catch(() => undefined)
    throw error
  }
}

async function tag(engine: Engine, image: string, {registry, repository, tag}: Reference): Promise<void> {
  await engine.tagImage(image, `${registry}/${repository}`, tag ?? 'latest')
}
