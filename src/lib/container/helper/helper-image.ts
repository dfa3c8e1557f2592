import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {silent} from '../../terminal/progress.js'
import {helperImageLabels} from '../../label/temporary-labels.js'
import {platformOf} from '../../image/image.js'
import type {Layer} from '../../image/model.js'
import {writeImage} from '../../image/store/write-image.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** How to create a helper image. */
export interface HelperImageOptions {
  /** An image with the same platform. */
  readonly like: ImageDetails
  /** Its layers; without any it has no files. */
  readonly layers?: readonly Layer[]
}

/**
 * A temporary image for helper containers, without a configuration: it declares no VOLUME, which an engine would fill for
 * each container. Removed when disposed of.
 */
export class HelperImage implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    readonly id: string,
  ) {}

  static async create(
    {engine, run, signal}: Pick<EngineWork, 'engine' | 'run' | 'signal'>,
    {layers = [], like}: HelperImageOptions,
  ): Promise<HelperImage> {
    const created = new Date().toISOString()
    const image = {
      layers,
      config: {created, ...platformOf(like), config: {}},
      labels: helperImageLabels(run),
      emptyHistory: [],
    }
    return new HelperImage(engine, (await writeImage({engine, progress: silent, signal}, {image})).id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.removeImage(this.id)
  }
}
