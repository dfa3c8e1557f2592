import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {buffer} from 'node:stream/consumers'
import {Cleanup} from '../../../../src/lib/async/cleanup.js'
import {fileArchive, type FileContents} from '../../../../src/lib/image/file/file-archive.js'
import {openImageFile} from '../../../../src/lib/image/file/open-image-file.js'
import type {ImageFile} from '../../../../src/lib/image/file/model.js'
import type {Image, Layer} from '../../../../src/lib/image/model.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import {inChunks} from '../../../support/chunks.js'
import {writeTar, type FileEntry} from '../../../support/tar.js'
import {testWork} from '../../../support/work.js'
import {filesIn, imageOf, sha256} from '../written.js'

export const NAME = 'registry.example.com/team/shop:one'

/** The files of a written image, by their paths. */
export type Files = Map<string, Buffer>

/** What keg writes for layers. */
export async function writtenFiles(layers: readonly Layer[], more: Partial<FileContents> = {}): Promise<Files> {
  return filesIn(inChunks(await writtenBytes(imageOf(layers), more)))
}

/** The bytes of the file that keg writes for an image. */
export async function writtenBytes(image: Image, more: Partial<FileContents> = {}): Promise<Buffer> {
  await using cleanup = new Cleanup()
  const contents = {image, names: [parseReference(NAME)], blobs: new Map(), since: undefined, cleanup, ...more}
  return await buffer((await fileArchive(contents)).read())
}

/** A tar of these files, with links and the like. */
export function tarOf(files: Iterable<readonly [string, Buffer | string]>, more: readonly FileEntry[] = []): Buffer {
  return writeTar([...[...files].map(([path, content]) => ({path, content})), ...more])
}

/** Opens bytes as keg opens a file. The caller closes it. */
export async function opened(folder: string, bytes: Buffer): Promise<ImageFile> {
  writeFileSync(join(folder, 'shop.tar'), bytes)
  return openImageFile({...testWork(), folder}, './shop.tar')
}

/** Puts a document of a layout in the place of another, with its new digest and size in the document that names it. */
export function replaceBlob(
  files: Files,
  digest: string,
  content: string,
): {readonly digest: string; readonly size: number} {
  files.delete(`blobs/${digest.replace(':', '/')}`)
  const bytes = Buffer.from(content)
  files.set(`blobs/${sha256(bytes).replace(':', '/')}`, bytes)
  return {digest: sha256(bytes), size: bytes.length}
}
