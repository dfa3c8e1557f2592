import {createHash} from 'node:crypto'
import type {TarHeader} from '../../tar/tar-header.js'

/** One file of a package as it was when the container was paused. */
export interface Entry {
  readonly header: TarHeader
  /** Of the content, in hex; files only. */
  readonly sha256: string | undefined
}

/**
 * The list of what is in a package, as it was recorded: a line for each layer that is taken over as it is, which its diffID
 * stands for, and a line for each file that keg wrote, in the order of the image. Lines are in the manner of mtree(5): path
 * with octal escapes, then keywords. Only the digest is kept, so that a million files cost no memory.
 */
export class EntryList {
  readonly #hash = createHash('sha256')
  #entries = 0

  /** How many files are in the list. */
  get entries(): number {
    return this.#entries
  }

  /** Adds a layer that is known by its diffID (`sha256:...` of the uncompressed tar). */
  addLayer(diffId: string): void {
    this.#hash.update(`#layer ${diffId}\n`)
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

/** One line of the list, with its line end. */
export function entryLine({header, sha256}: Entry): string {
  const words = [
    `./${escape(header.path)}`,
    `type=${MTREE_TYPES[header.type]}`,
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

const MTREE_TYPES = {
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
