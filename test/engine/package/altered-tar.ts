/** Tars, and images as engines save them, with some files changed: as a broken or lying engine would send them. */
import {gunzipSync, gzipSync} from 'node:zlib'

import type {FileEntry, TarMember} from '../../support/tar.js'
import {readTar, writeTar} from '../../support/tar.js'

/** Turns the files of a tar into others. */
export type Alteration = (files: FileEntry[]) => FileEntry[]

// oxlint-disable-next-line typescript/require-await -- it is read like any other stream
async function* whole(tar: Buffer): AsyncGenerator<Buffer> {
  yield tar
}

async function entryOf(member: TarMember): Promise<FileEntry> {
  const chunks: Buffer[] = []
  for await (const chunk of member.body) chunks.push(chunk)
  return {
    content: Buffer.concat(chunks),
    device: {major: member.major, minor: member.minor},
    gid: member.gid,
    link: Buffer.from(member.link, 'latin1'),
    mode: member.mode,
    mtime: member.mtime,
    path: Buffer.from(member.name, 'latin1'),
    type: member.type,
    uid: member.uid,
    xattrs: Object.fromEntries(member.xattrs),
  }
}

/** A tar with altered files; the very same bytes if none changes. */
export async function alteredTar(tar: Buffer, alter: Alteration): Promise<Buffer> {
  const files: FileEntry[] = []
  for await (const member of readTar(whole(tar))) files.push(await entryOf(member))
  const altered = alter(files)
  const isSame = altered.length === files.length && altered.every((file, index) => file === files[index])
  return isSame ? tar : writeTar(altered)
}

/** An image as `docker save` writes it, with altered files in its layers; everything else is unchanged, names and digests too. */
export async function alteredImage(image: Buffer, alter: Alteration): Promise<Buffer> {
  const files: FileEntry[] = []
  for await (const member of readTar(whole(image))) {
    const file = await entryOf(member)
    const content = file.content as Buffer
    const isLayer =
      /(?:\/layer\.tar|^blobs\/.*[0-9a-f])$/.test(member.name) && content[0] !== 0x7b && content.length > 0
    if (!isLayer) files.push(file)
    else if (content[0] === 0x1f) {
      const layer = gunzipSync(content)
      const altered = await alteredTar(layer, alter)
      files.push(altered === layer ? file : {...file, content: gzipSync(altered)})
    } else files.push({...file, content: await alteredTar(content, alter)})
  }
  return writeTar(files)
}

/** The path of an entry, without leading `./` and trailing `/`. */
export function pathOf(file: FileEntry): string {
  return file.path
    .toString()
    .replace(/^\.?\//, '')
    .replace(/\/$/, '')
}

/** Changes the file at a path; a change of undefined leaves it out. */
export function changed(path: string, change: Partial<FileEntry> | undefined): Alteration {
  return (files) =>
    files.flatMap((file) => (pathOf(file) !== path ? [file] : change === undefined ? [] : [{...file, ...change}]))
}

/** Adds a file beside another one, in the same layer. */
export function addedBeside(path: string, added: FileEntry): Alteration {
  return (files) => files.flatMap((file) => (pathOf(file) === path ? [file, added] : [file]))
}

/** All alterations, one after the other. */
export function all(...alterations: readonly Alteration[]): Alteration {
  return (files) => alterations.reduce((altered, alter) => alter(altered), files)
}
