import type {Image} from '../model.js'

/** An image as a file that engines can load. Disposing of it removes its source files. */
export interface LoadableArchive extends AsyncDisposable {
  /** The id that the image will have. */
  readonly id: string
  /** Total size of its files, in bytes. */
  readonly size: number
  /** The archive, from its beginning with each call. */
  readonly read: () => AsyncGenerator<Buffer>
}

/** An image that keg composed. */
export interface ImageArchive extends LoadableArchive {
  /** The image as the engine will have it. */
  readonly image: Image
}
