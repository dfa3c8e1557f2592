import {createHash} from 'node:crypto'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'

/** One file of a package as it was when the container was paused, or of a layer. */
export interface Entry {
  readonly header: TarHeader
  /** Of the content, in hex; files only. */
  readonly sha256: string | undefined
}

/**
 * The list of what is in one layer, as it was recorded: a line for each file, in the order of the layer. Lines are in the
 * manner of mtree(5): path with octal escapes, then keywords. Only the digest is kept, so that a million files cost no memory.
 */
export class EntryList {
  readonly #hash = createHash('sha256')
  #entries = 0

  /** How many files are in the list. */
  get entries(): number {
    return this.#entries
  }

  addEntry(entry: Entry): void {
    this.#entries++
    this.#hash.update(entryLine(entry))
  }

  /** `sha256:...` of the list; nothing can be added afterwards. */
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}

/**
 * A layer in the list of a package. One that is taken over as it is stands there by its diffID alone (`sha256:...` of the
 * uncompressed tar): `base` layers are those of the container's image, `own` is what the container changed.
 */
export type ListedLayer =
  | {readonly kind: 'base' | 'own'; readonly diffId: string}
  | {
      /** Hides what a sync made for itself in the layers below, and has nothing else. */
      readonly kind: 'hidden'
      readonly diffId: string
      readonly paths: readonly string[]
    }
  | {
      readonly kind: 'mount'
      readonly diffId: string
      /** The mount point, symlinks followed. */
      readonly path: string
      readonly entries: number
      /** Of the layer's entry list. */
      readonly digest: string
    }

/**
 * `sha256:...` of the list of a package: a line for each layer, from the bottom. So whoever has an image can tell which of
 * its layers are the package, and what others put on top.
 */
export function packageListDigest(layers: readonly ListedLayer[]): string {
  const hash = createHash('sha256')
  for (const layer of layers) {
    hash.update(`#${layer.kind} ${layer.diffId}${wordsOf(layer)}\n`)
  }
  return `sha256:${hash.digest('hex')}`
}

function wordsOf(layer: ListedLayer): string {
  const word = (path: string): string => ` path=${escape(textToBytes(path))}`
  if (layer.kind === 'mount') return `${word(layer.path)} entries=${layer.entries} list=${layer.digest}`
  return layer.kind === 'hidden' ? layer.paths.map(word).join('') : ''
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
    // The times of folders change whenever an engine touches them: they are not part of what is promised.
    ...(header.type === 'directory' ? [] : [`time=${header.mtime}`]),
    ...(header.link === '' ? [] : [`${header.type === 'hardlink' ? 'hardlink' : 'link'}=${escape(header.link)}`]),
    ...(header.type === 'character' || header.type === 'block'
      ? [`device=${header.deviceMajor},${header.deviceMinor}`]
      : []),
    ...[...header.xattrs].map(([name, value]) => `xattr.${escape(name)}=${value.toString('hex')}`),
  ]
  return `${words.join(' ')}\n`
}

/** What mtree(5) calls the types of a tar. */
export const TAR_TYPE_NAMES = {
  file: 'file',
  hardlink: 'file',
  directory: 'dir',
  symlink: 'link',
  character: 'char',
  block: 'block',
  fifo: 'fifo',
} as const

/** As vis(3) with VIS_OCTAL: whatever is not a plain printable ASCII character becomes `\ooo`. */
function escape(bytes: string): string {
  return bytes.replace(/[^!-~]|[\\#]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
