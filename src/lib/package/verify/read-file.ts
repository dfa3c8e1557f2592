import {Cleanup} from '../../async/cleanup.js'
import type {ReadableImage, ReadableLayer} from '../../image/file/model.js'
import {tee} from '../../tar/bytes.js'
import type {Work} from '../../work/work.js'
import {readLayer, type ReadBack, type StoredLayer} from './read-back.js'

/**
 * Reads an image that is in a file or a registry as readBack reads one of an engine: hashes every layer, and lists its files. One
 * that need not be read, or that the file leaves out, is taken for what the image says, and has no files.
 * @param image with its path, or another name of where it is, for people
 */
export async function readFileBack(
  {progress, signal}: Pick<Work, 'progress' | 'signal'>,
  {layers, path, runtime}: Pick<ReadableImage, 'layers' | 'runtime'> & {readonly path: string},
): Promise<ReadBack> {
  const stage = `Reading ${path}`
  const total = layers.reduce((sum, {descriptor, read}) => (read === undefined ? sum : sum + descriptor.size), 0)
  let done = 0
  const cleanup = new Cleanup()
  try {
    const found: StoredLayer[] = []
    for (const [index, layer] of layers.entries()) {
      signal.throwIfAborted()
      const note = `layer ${index + 1} of ${layers.length}`
      const stored = await storedLayer(layer, ({length}) => {
        done += length
        progress({stage, state: 'running', done, total, note})
      })
      if (stored.entries !== undefined) cleanup.use(stored.entries)
      found.push(stored)
    }
    progress({stage, state: 'done', done})
    // The digest of its configuration was checked when it was opened.
    return {
      layers: found,
      configIsRight: true,
      config: runtime,
      [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
    }
  } catch (error) {
    await cleanup[Symbol.asyncDispose]()
    throw error
  }
}

function storedLayer(
  {descriptor, diffId, read}: ReadableLayer,
  onChunk: (chunk: Buffer) => void,
): Promise<StoredLayer> {
  if (read !== undefined) return readLayer(tee(read(), onChunk), false)
  return Promise.resolve({digest: descriptor.digest, diffId, entries: undefined, problem: undefined})
}
