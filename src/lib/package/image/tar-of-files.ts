import {encodeHeader, END_OF_TAR, paddingAfter} from '../../tar/tar-header.js'

/** A file to be put into an image archive. */
export interface ArchiveFile {
  readonly path: string
  readonly size: number
  readonly read: () => AsyncIterable<Buffer>
}

/** A file whose content is at hand. */
export function fileOf(path: string, content: Buffer | string): ArchiveFile {
  const bytes = Buffer.from(content)
  return {
    path,
    size: bytes.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- it is read like any other content
    async *read() {
      yield bytes
    },
  }
}

/** Files one after the other as a tar. */
export async function* tarOfFiles(files: readonly ArchiveFile[]): AsyncGenerator<Buffer> {
  for (const {path, size, read} of files) {
    const owner = {uid: 0, gid: 0, mtime: 0, deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()}
    yield encodeHeader({...owner, path, type: 'file', mode: 0o644, size, link: ''})
    yield* read()
    if (paddingAfter(size) > 0) yield Buffer.alloc(paddingAfter(size))
  }
  yield END_OF_TAR
}
