import {Readable} from 'node:stream'
import {retrySend} from '../../engine/retry.js'
import {FailedError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import type {LoadableArchive} from '../archive/image-archive.js'
import type {Image} from '../model.js'
import {gather} from '../spool.js'
import {imageStoreOf} from './store-of-engine.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Options for writing an image. */
export interface WriteImageOptions {
  readonly image: Image
}

/** An image that was written to the engine. */
export interface WrittenImage {
  readonly id: string
  /** The image as the engine has it. */
  readonly view: Image
}

/**
 * Writes an image into the engine, untagged, in the form its image store accepts. If it fails or is interrupted, nothing of the
 * image is left.
 * @throws FailedError `image-differs` when the engine's image is different.
 */
export async function writeImage(
  work: Pick<EngineWork, 'engine' | 'progress' | 'signal'>,
  options: WriteImageOptions,
): Promise<WrittenImage> {
  const {engine} = work
  const {image} = options
  await using archive = await imageStoreOf(engine).archive(image)
  await loadArchive(
    work,
    archive,
    image.layers.map(({diffId}) => diffId),
  )
  return {id: archive.id, view: archive.image}
}

const SEND_SIZE = 256 * 1024

/**
 * Loads an image archive into the engine. If it fails or is interrupted, nothing of the image is left.
 * @param diffIds of the layers that the image must have then
 * @throws FailedError `image-differs`
 */
export async function loadArchive(
  {engine, progress, signal}: Pick<EngineWork, 'engine' | 'progress' | 'signal'>,
  {id, read, size: total}: LoadableArchive,
  diffIds: readonly string[],
): Promise<void> {
  const stage = 'Writing the image'
  const existed = (await engine.image(id)) !== undefined
  let done = 0
  const counted = async function* (): AsyncGenerator<Buffer> {
    done = 0
    for await (const chunk of gather(read(), SEND_SIZE)) {
      // Engines discard only an archive that is cut off; a complete one always becomes an image.
      signal.throwIfAborted()
      done += chunk.length
      progress({stage, state: 'running', done, total})
      yield chunk
    }
  }
  try {
    await retrySend(() => engine.loadImage(Readable.from(counted(), {objectMode: false})), signal)
    const loaded = await engine.image(id)
    const layers = loaded?.RootFS.Layers ?? []
    if (layers.length !== diffIds.length || diffIds.some((diffId, index) => diffId !== layers[index]))
      throw new FailedError('The engine loaded the image, but stored it differently.', {
        code: 'image-differs',
        hint: `Please report this, with ${commandLine`docker version`} and ${commandLine`docker info`}.`,
      })
    signal.throwIfAborted()
  } catch (error) {
    if (!existed) await engine.removeImage(id, {force: true}).catch(() => undefined)
    throw error
  }
  progress({stage, state: 'done', done})
}
