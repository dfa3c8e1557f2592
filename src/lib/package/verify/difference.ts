import {bytesToText} from '../../tar/tar-header.js'
import {TAR_TYPE_NAMES, type Entry} from '../image/entry-list.js'

/** One thing about a file or layer that is another than it was recorded; keywords are those of mtree(5). */
export interface ChangedKeyword {
  readonly keyword: string
  /** `none` where there is none. */
  readonly expected: string
  readonly found: string
}

/** One place where an image is not what was recorded. */
export interface Difference {
  /** `missing`: recorded and not in the image; `added`: in the image and not recorded. */
  readonly what: 'missing' | 'added' | 'changed'
  /** Absolute, fit to be shown; null where it is about a whole layer or the configuration. */
  readonly path: string | null
  /** diffID, or digest of the stored blob where only that is known; null where it is about the image as a whole. */
  readonly layer: string | null
  readonly keywords: readonly ChangedKeyword[]
}

/** So many differences are listed; all are counted. */
export const MOST_LISTED = 1000

/** What was found so far: the first differences, and how many there are. */
export class Differences {
  readonly #list: Difference[] = []
  #total = 0

  get list(): readonly Difference[] {
    return this.#list
  }

  get total(): number {
    return this.#total
  }

  add(difference: Difference): void {
    this.#total++
    if (this.#list.length < MOST_LISTED) this.#list.push(difference)
  }

  /** A difference about a file. @param path byte string without its leading slash. */
  addPath(
    what: Difference['what'],
    layer: string | null,
    path: string,
    keywords: readonly ChangedKeyword[] = [],
  ): void {
    this.add({what, path: shownPath(path), layer, keywords})
  }

  /** Compares two entries of one path, and adds what differs. */
  compare(layer: string, expected: Entry, found: Entry): void {
    const keywords = changedKeywords(expected, found)
    if (keywords.length > 0) this.addPath('changed', layer, expected.header.path, keywords)
  }
}

/** A difference about a whole layer. */
export function layerDifference(
  what: Difference['what'],
  layer: string,
  keywords: readonly ChangedKeyword[] = [],
): Difference {
  return {what, path: null, layer, keywords}
}

/** The configuration or the manifest is not the one that the image's id is the digest of. */
export const CONFIGURATION_CHANGED: Difference = {
  what: 'changed',
  path: null,
  layer: null,
  keywords: [{keyword: 'configuration', expected: 'the one the id names', found: 'another'}],
}

/** All that differs between two entries of one path, but for times of folders, which engines change. */
export function changedKeywords(expected: Entry, found: Entry): ChangedKeyword[] {
  const [before, after] = [keywordsOf(expected), keywordsOf(found)]
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].flatMap((keyword) => {
    const [left, right] = [before.get(keyword) ?? 'none', after.get(keyword) ?? 'none']
    return left === right ? [] : [{keyword, expected: left, found: right}]
  })
}

function keywordsOf({header, sha256}: Entry): Map<string, string> {
  const {deviceMajor, deviceMinor, gid, link, mode, mtime, size, type, uid, xattrs} = header
  const keywords = new Map([
    ['type', TAR_TYPE_NAMES[type]],
    ['mode', `0${mode.toString(8)}`],
    ['uid', String(uid)],
    ['gid', String(gid)],
  ])
  if (type === 'file') keywords.set('size', String(size)).set('sha256digest', sha256 ?? '')
  if (type !== 'directory') keywords.set('time', String(mtime))
  if (type === 'symlink') keywords.set('link', shownBytes(link))
  if (type === 'hardlink') keywords.set('hardlink', shownPath(link))
  if (type === 'character' || type === 'block') keywords.set('device', `${deviceMajor},${deviceMinor}`)
  for (const [name, value] of xattrs) keywords.set(`xattr.${shownBytes(name)}`, value.toString('hex'))
  return keywords
}

/** A path of a tar (byte string, no leading slash) as it is shown. */
export function shownPath(path: string): string {
  return `/${shownBytes(path)}`
}

/**
 * Bytes as text for people from which one can still tell one name from another: what is UTF-8 and visible stays as it is, every
 * other byte, and the backslash, becomes `\ooo` as in mtree(5).
 */
export function shownBytes(bytes: string): string {
  const text = bytesToText(bytes)
  const isText = Buffer.from(text, 'utf8').toString('latin1') === bytes
  const escaped = (part: string): string =>
    [...Buffer.from(part, isText ? 'utf8' : 'latin1')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  return isText ? text.replace(/[\p{C}\p{Zl}\p{Zp}\\]/gu, escaped) : bytes.replace(/[^ -[\]-~]/g, escaped)
}
