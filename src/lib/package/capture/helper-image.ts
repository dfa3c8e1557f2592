import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {silent} from '../../terminal/progress.js'
import {END_OF_TAR} from '../../tar/tar-header.js'
import {sha256Digest} from '../bytes.js'
import {helperImageLabels} from '../../maintenance/temporary-labels.js'
import {writeToEngine} from '../image/engine-sink.js'
import {layerOf, type ImageLayer} from '../image/image.js'

/** The diffID of a layer with nothing in it. */
export const EMPTY_LAYER = sha256Digest(END_OF_TAR)

/** What a helper image is made of. */
export interface HelperImageOptions {
  readonly engine: Engine
  /** Whose platform it has. */
  readonly like: ImageDetails
  readonly run: string
  readonly signal: AbortSignal
  /** Its layers; without, it has no files. */
  readonly layers?: readonly ImageLayer[]
}

/**
 * A temporary image for helper containers, without a configuration: it declares no VOLUME, which an engine would fill at
 * each create. Removed when disposed of.
 */
export class HelperImage implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    readonly id: string,
  ) {}

  static async create({engine, layers, like, run, signal}: HelperImageOptions): Promise<HelperImage> {
    const created = new Date().toISOString()
    const config = {
      created,
      architecture: like.Architecture,
      ...(like.Variant ? {variant: like.Variant} : {}),
      os: like.Os,
      config: {Labels: helperImageLabels(run)},
    }
    const image = {layers: layers ?? [layerOf(END_OF_TAR, {created, created_by: 'keg'})], emptyHistory: [], config}
    return new HelperImage(engine, await writeToEngine({engine, image, progress: silent, signal}))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.removeImage(this.id)
  }
}
