import type {Capture} from '../capture/capture.js'
import type {ImageDetails} from '../../engine/types.js'
import type {StoredImage} from '../../image/store/image-store.js'
import type {PathPatterns} from './path-patterns.js'

/** A capture, and what to exclude from it. */
export interface ExcludeOptions {
  readonly capture: Capture
  /** The commit of the capture. */
  readonly commit: StoredImage
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly patterns: PathPatterns
  /** Where the recorded mounts are, in the order of the recordings. */
  readonly recorded: readonly string[]
  /** Of all mounts. */
  readonly destinations: readonly string[]
}

/** A capture as packages are written from it. */
export interface CapturedParts extends Pick<Capture, 'changes' | 'writableLayerRecord'> {
  /** The commit of the container that the package is built on. */
  readonly commit: StoredImage
  readonly recordings: readonly {readonly read: () => AsyncIterable<Buffer>}[]
}

/** A capture as if what is excluded had been deleted in the container before. */
export interface ExcludedCapture extends CapturedParts, AsyncDisposable {
  /** The topmost excluded paths. */
  readonly paths: readonly string[]
  /** The real paths of those that were named through a symlink, by the given path. */
  readonly links: ReadonlyMap<string, string>
}
