import {Cleanup} from '../../async/cleanup.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {ImageDetails} from '../../engine/types.js'
import type {Layer} from '../../image/model.js'
import type {StoredImage} from '../../image/store/image-store.js'
import {HelperContainer} from './helper-container.js'
import {HelperImage} from './helper-image.js'

/** An image whose files are read. */
export interface ReadableImage {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  /** Whether it declares VOLUMEs. */
  readonly hasVolumes: boolean
  /** An image with the same platform. */
  readonly like: ImageDetails
  readonly layers: () => Promise<readonly Layer[]>
}

/**
 * The files of an image, without mounts: in a helper container of the image itself or, if it declares VOLUMEs, which the engine
 * would fill, of a helper image with its layers. Created when it is first needed, and removed when disposed of.
 */
export class ImageFiles implements AsyncDisposable {
  readonly #cleanup = new Cleanup()
  #creating: Promise<HelperContainer> | undefined

  constructor(
    private readonly work: Pick<EngineWork, 'engine' | 'run' | 'signal'>,
    private readonly image: ReadableImage,
  ) {}

  static of(work: Pick<EngineWork, 'engine' | 'run' | 'signal'>, {details, id, view}: StoredImage): ImageFiles {
    const hasVolumes = Object.keys(view.config.config.Volumes ?? {}).length > 0
    return new ImageFiles(work, {
      ...{id, labels: view.labels, hasVolumes, like: details},
      layers: () => Promise.resolve(view.layers),
    })
  }

  container(): Promise<HelperContainer> {
    return (this.#creating ??= this.#create())
  }

  async #create(): Promise<HelperContainer> {
    const {hasVolumes, id, labels, layers, like} = this.image
    const from = hasVolumes
      ? {image: this.#cleanup.use(await HelperImage.create(this.work, {like, layers: await layers()})).id}
      : {image: id, imageLabels: labels}
    return this.#cleanup.use(await HelperContainer.create(this.work, from))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#creating?.catch(() => undefined)
    await this.#cleanup[Symbol.asyncDispose]()
  }
}
