import {buffer} from 'node:stream/consumers'
import {readTar} from '../../../src/lib/tar/read-tar.js'
import {encodeHeader, END_OF_TAR, paddingAfter, type TarHeader} from '../../../src/lib/tar/tar-header.js'

/** A file of a tar with its content in memory. */
export interface ArchivedFile {
  readonly header: TarHeader
  readonly content: Buffer
}

/** A header with default values. */
export function headerOf(path: string, more: Partial<TarHeader> = {}): TarHeader {
  return {
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 1_600_000_000,
    link: '',
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
    ...more,
  }
}

/** A file with content. */
export function fileWith(path: string, text: string, more: Partial<TarHeader> = {}): ArchivedFile {
  const content = Buffer.from(text)
  return {header: headerOf(path, {...more, size: content.length}), content}
}

/** A file without content: a directory, a link, a device. */
export function without(path: string, more: Partial<TarHeader>): ArchivedFile {
  return {header: headerOf(path, more), content: Buffer.alloc(0)}
}

/** Files as a tar written by keg. */
export function archiveOf(files: readonly ArchivedFile[]): Buffer {
  const blocks = files.flatMap(({content, header}) => [
    encodeHeader(header),
    content,
    Buffer.alloc(paddingAfter(content.length)),
  ])
  return Buffer.concat([...blocks, END_OF_TAR])
}

/** All files of a tar, read by keg. */
export async function filesOf(source: AsyncIterable<Buffer>): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = []
  for await (const {content, header} of readTar(source)) files.push({header, content: await buffer(content)})
  return files
}
