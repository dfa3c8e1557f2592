import type {Engine} from '../../engine/engine.js'
import type {Destination} from '../../reference/destination.js'
import {formatReference, type Digest, type Reference} from '../../reference/reference.js'
import {Cleanup} from '../../async/cleanup.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** An image to be tagged. */
export interface PublishOptions {
  /** Id of the image. */
  readonly image: string
  readonly destinations: readonly Destination[]
  /** Pushes one of the names that have a registry, or gives it to what is there; undefined if they are not pushed. */
  readonly push: ((reference: Destination['reference']) => Promise<Digest>) | undefined
}

/**
 * Tags an image and pushes it. If tagging fails or a signal arrives, the names and the image are removed, and a name that another
 * image had before is given back to it. If a registry fails, the image keeps its names, so that the push can be repeated.
 * @returns the digest of each pushed name, in the order of the destinations.
 */
export async function publish(work: EngineWork, options: PublishOptions): Promise<(Digest | undefined)[]> {
  const {engine, signal} = work
  const {destinations, image} = options
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
    return await pushAll(options)
  } catch (error) {
    // The first failure counts: what cannot be undone is complete, or is found by its labels.
    if (!keepsNames || signal.aborted) await undo[Symbol.asyncDispose]().catch(() => undefined)
    throw error
  }
}

/** Pushes the names that have a registry. @returns the digest of each that was pushed, in the order of the destinations */
export async function pushAll({
  destinations,
  push,
}: Pick<PublishOptions, 'destinations' | 'push'>): Promise<(Digest | undefined)[]> {
  const digests: (Digest | undefined)[] = []
  for (const {reference, remote} of destinations) digests.push(push && remote ? await push(reference) : undefined)
  return digests
}

async function tag(engine: Engine, image: string, {registry, repository, tag}: Reference): Promise<void> {
  await engine.tagImage(image, `${registry}/${repository}`, tag ?? 'latest')
}
