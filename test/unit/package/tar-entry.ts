import type {TarEntry} from '../../../src/lib/tar/read-tar.js'
import type {TarType} from '../../../src/lib/tar/tar-header.js'

/** An entry of an archive; `onRead` is called when its content is read. */
export function tarEntry(path: string, text: string, type: TarType = 'file', onRead?: () => void): TarEntry {
  const numbers = {mode: 0o644, uid: 0, gid: 0, size: text.length, mtime: 0, deviceMajor: 0, deviceMinor: 0}
  const content = {
    // oxlint-disable-next-line typescript/require-await -- like reading an archive
    async *[Symbol.asyncIterator]() {
      onRead?.()
      yield Buffer.from(text)
    },
  }
  return {header: {...numbers, path, type, link: '', xattrs: new Map()}, content}
}
