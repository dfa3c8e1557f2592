import {Readable} from 'node:stream'
import type {Engine} from '../../engine/engine.js'
import {FailedError} from '../../error/keg-error.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {gather} from '../spool.js'
import {dockerArchive} from './docker-archive.js'
import type {Image} from './image.js'
import {ociLayout} from './oci-layout.js'

/** What the engine as a sink needs. */
export interface EngineSinkOptions {
  readonly engine: Engine
  readonly image: Image
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/**
 * Writes an image into the engine, untagged, in the form its image store takes. When it fails or is interrupted, nothing
 * of the image is left.
 * @returns the id of the image.
 * @throws FailedError `image-differs` when the engine made something else of it.
 */
export async function writeToEngine({engine, image, progress, signal}: EngineSinkOptions): Promise<string> {
  const total = image.layers.reduce((sum, {content}) => sum + (content.kind === 'tar' ? content.size : 0), 0)
  if (engine.imageStore === 'graph') {
    const {id, read} = dockerArchive(image)
    return load({engine, image, id, archive: read(), total, progress, signal})
  }
  const stage = 'Compressing the layers'
  await using layout = await ociLayout(image, (done) => progress({stage, state: 'running', done, total}))
  progress({stage, state: 'done', done: layout.size})
  return await load({engine, image, id: layout.id, archive: layout.read(), total: layout.size, progress, signal})
}

interface LoadOptions extends EngineSinkOptions {
  readonly id: string
  readonly archive: AsyncGenerator<Buffer>
  readonly total: number
}

const SEND_SIZE = 256 * 1024

async function load({engine, image, id, archive, total, progress, signal}: LoadOptions): Promise<string> {
  const stage = 'Writing the image'
  const existed = (await engine.image(id)) !== undefined
  let done = 0
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of gather(archive, SEND_SIZE)) {
      // Only an archive that is cut off is given up by engines; one that they have whole is always made an image of.
      signal.throwIfAborted()
      done += chunk.length
      progress({stage, state: 'running', done, total})
      yield chunk
    }
  }
  try {
    await engine.loadImage(Readable.from(counted(), {objectMode: false}))
    const loaded = await engine.image(id)
    const layers = loaded?.RootFS.Layers ?? []
    if (layers.length !== image.layers.length || image.layers.some(({diffId}, index) => diffId !== layers[index]))
      throw new FailedError('The engine took the image but does not have it as it was written.', {
        code: 'image-differs',
        hint: 'Please report this, with docker version and docker info.',
      })
    signal.throwIfAborted()
  } catch (error) {
    if (!existed) await engine.removeImage(id, {force: true}).catch(() => undefined)
    throw error
  }
  progress({stage, state: 'done', done})
  return id
}
