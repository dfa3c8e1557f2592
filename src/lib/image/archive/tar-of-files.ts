import {once} from '../../async/look-ahead.js'
import {END_OF_TAR} from '../../tar/tar-header.js'
import {entryBytes} from '../../tar/write-tar.js'

/** A file to put into an image archive. */
export interface ArchiveFile {
  readonly path: string
  readonly size: number
  readonly read: () => AsyncIterable<Buffer>
}

/** A file with its content in memory. */
export function fileOf(path: string, content: Buffer | string): ArchiveFile {
  const bytes = Buffer.from(content)
  return {
    path,
    size: bytes.length,
    read: () => once(bytes),
  }
}

/** Bytes of the contents of files. */
export function sizeOfFiles(files: readonly ArchiveFile[]): number {
  return files.reduce((sum, {size}) => sum + size, 0)
}

/** Writes files as a tar. */
export async function* tarOfFiles(files: readonly ArchiveFile[]): AsyncGenerator<Buffer> {
  for (const {path, size, read} of files) {
    const owner = {uid: 0, gid: 0, mtime: 0, deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()}
    yield* entryBytes({header: {...owner, path, type: 'file', mode: 0o644, size, link: ''}, content: read()})
  }
  yield END_OF_TAR
}
