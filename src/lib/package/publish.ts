import type {Engine} from '../engine/engine.js'
import type {Destination} from '../reference/destination.js'
import {formatReference, type Digest, type Reference} from '../reference/reference.js'
import {pushImage} from '../registry/push.js'
import type {ProgressListener} from '../terminal/progress.js'

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
 * Gives an image its names and pushes it. When a signal comes, the names are taken back, and those that had another image
 * before have it again; when a registry fails, the image and its names are kept, so that the push can be done again.
 * @returns the digest of each name that was pushed, in the order of the destinations.
 */
export async function publish(options: PublishOptions): Promise<(Digest | undefined)[]> {
  const {destinations, engine, environment, image, progress, push, signal} = options
  const undo: (() => Promise<void>)[] = []
  try {
    for (const {reference} of destinations) {
      signal.throwIfAborted()
      const earlier = await engine.image(formatReference(reference))
      undo.unshift(async () => {
        if (earlier === undefined) await engine.removeImage(formatReference(reference))
        else await tag(engine, earlier.Id, reference)
      })
      await tag(engine, image, reference)
    }
    const digests: (Digest | undefined)[] = []
    for (const {reference, remote} of destinations)
      digests.push(
        push && remote ? (await pushImage({engine, reference, environment, progress, signal})).digest : undefined,
      )
    return digests
  } catch (error) {
    if (signal.aborted) {
      for (const step of undo) await step()
      await engine.removeImage(image, {force: true})
    }
    throw error
  }
}

async function tag(engine: Engine, image: string, {registry, repository, tag}: Reference): Promise<void> {
  await engine.tagImage(image, `${registry}/${repository}`, tag ?? 'latest')
}
