import {createHash} from 'node:crypto'
import {textToBytes, type TarHeader} from '../tar/tar-header.js'
import type {ListedLayer} from './model.js'

/** A file of a package as it was when the container was paused, or a file of a layer. */
export interface Entry {
  readonly header: TarHeader
  /** Digest of the content, in hex; files only. */
  readonly sha256: string | undefined
}

/**
 * The list of the files in one layer, as recorded: a line for each file, in the order of the layer. Lines are in the style of
 * mtree(5): path with octal escapes, then keywords. Only the digest is kept, so that even a million files take no memory.
 */
export class EntryList {
  readonly #hash = createHash('sha256')
  #entries = 0

  /** The number of files in the list. */
  get entries(): number {
    return this.#entries
  }

  addEntry(entry: Entry): void {
    this.#entries++
    this.#hash.update(entryLine(entry))
  }

  /** `sha256:...` of the list; closes it. */
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}

/**
 * `sha256:...` of the list of a package: a line for each layer, from the bottom. It shows which layers of an image are the
 * package, and which were added on top. A layer that is reused unchanged is listed by its diffID alone.
 */
export function packageListDigest(layers: readonly ListedLayer[]): string {
  const hash = createHash('sha256')
  for (const layer of layers) hash.update(`#${layer.kind} ${layer.diffId}${wordsOf(layer)}\n`)
  return `sha256:${hash.digest('hex')}`
}

function wordsOf(layer: ListedLayer): string {
  const word = (path: string): string => ` path=${escape(textToBytes(path))}`
  if (layer.kind === 'mount') return `${word(layer.path)} entries=${layer.entries} list=${layer.listDigest}`
  return layer.kind === 'whiteout' ? layer.paths.map(word).join('') : ''
}

/** One line of the list, with its line end. */
export function entryLine({header, sha256}: Entry): string {
  const words = [
    `./${escape(header.path)}`,
    `type=${TAR_TYPE_NAMES[header.type]}`,
    `mode=0${header.mode.toString(8)}`,
    `uid=${header.uid}`,
    `gid=${header.gid}`,
    ...(header.type === 'file' ? [`size=${header.size}`, `sha256digest=${sha256 ?? ''}`] : []),
    // Folder times change whenever an engine touches them, so they are not compared.
    ...(header.type === 'directory' ? [] : [`time=${header.mtime}`]),
    ...(header.link === '' ? [] : [`${header.type === 'hardlink' ? 'hardlink' : 'link'}=${escape(header.link)}`]),
    ...(header.type === 'character' || header.type === 'block'
      ? [`device=${header.deviceMajor},${header.deviceMinor}`]
      : []),
    ...[...header.xattrs].map(([name, value]) => `xattr.${escape(name)}=${value.toString('hex')}`),
  ]
  return `${words.join(' ')}\n`
}

/** mtree(5)'s names for the types of a tar. */
export const TAR_TYPE_NAMES = {
  file: 'file',
  hardlink: 'file',
  directory: 'dir',
  symlink: 'link',
  character: 'char',
  block: 'block',
  fifo: 'fifo',
} as const

/** As vis(3) with VIS_OCTAL: everything but plain printable ASCII becomes `\ooo`. */
function escape(bytes: string): string {
  return bytes.replace(/[^!-~]|[\\#]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
