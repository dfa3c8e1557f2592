import type {PathStat} from '../../engine/types.js'
import type {TarHeader} from '../../tar/tar-header.js'

/** Reads a mount: a helper container that has it at `MOUNT_PLACE`, or keg itself in its place. */
export interface MountReader {
  /** Undefined if the path does not exist. */
  stat(path: string): Promise<PathStat | undefined>
  /** A path and everything below it, as a tar whose first component is the last one of the path. */
  archive(path: string, signal?: AbortSignal): AsyncGenerator<Buffer>
  /** The header of one folder or file, without what is below it; undefined if it does not exist. */
  header(path: string): Promise<TarHeader | undefined>
  /** The target of a symlink as written in it; undefined if it is not a symlink, or does not exist. */
  readLink(path: string): Promise<string | undefined>
}
