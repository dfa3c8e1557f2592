import {Cleanup} from '../../async/cleanup.js'
import type {ImageFile, ImageFileLayer} from '../../image/file/model.js'
import type {Work} from '../../work/work.js'
import {readLayer, type ReadBack, type StoredLayer} from './read-back.js'

/**
 * Reads the image in a file as readBack reads one of an engine: hashes every layer, and lists its files. One that the file
 * leaves out is taken for what the file says, and has no files.
 */
export async function readFileBack(
  {progress, signal}: Pick<Work, 'progress' | 'signal'>,
  {layers, path, runtime}: Pick<ImageFile, 'layers' | 'path' | 'runtime'>,
): Promise<ReadBack> {
  const stage = `Reading ${path}`
  const cleanup = new Cleanup()
  try {
    const found: StoredLayer[] = []
    for (const [done, layer] of layers.entries()) {
      signal.throwIfAborted()
      progress({stage, state: 'running', note: `layer ${done + 1} of ${layers.length}`})
      const stored = await storedLayer(layer)
      if (stored.entries !== undefined) cleanup.use(stored.entries)
      found.push(stored)
    }
    progress({stage, state: 'done'})
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

function storedLayer({descriptor, diffId, read}: ImageFileLayer): Promise<StoredLayer> {
  if (read !== undefined) return readLayer(read(), false)
  return Promise.resolve({digest: descriptor.digest, diffId, entries: undefined, problem: undefined})
}
