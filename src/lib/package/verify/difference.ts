import {shownBytes, shownPath} from '../../tar/shown-path.js'
import {TAR_TYPE_NAMES, type Entry} from '../../image/entry-list.js'

/** An attribute of a file or layer that differs from the record; keywords are those of mtree(5). */
export interface ChangedKeyword {
  /** The attribute: `mode`, `size`, `sha256`. */
  readonly keyword: string
  /** `none` if there is none. */
  readonly expected: string
  /** The value in the image. */
  readonly found: string
}

/** One difference between an image and what was recorded. */
export interface Difference {
  /** `missing`: recorded but not in the image; `added`: in the image but not recorded. */
  readonly what: 'missing' | 'added' | 'changed'
  /** Absolute, safe to print; null for a whole layer or the configuration. */
  readonly path: string | null
  /** diffID, or digest of the stored blob if only that is known; null for the image as a whole. */
  readonly layer: string | null
  /** What differs, if it is in both. */
  readonly keywords: readonly ChangedKeyword[]
}

/** How many differences are listed; all are counted. */
export const MAX_LISTED = 1000

/** The differences so far: the first ones, and the total number. */
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
    if (this.#list.length < MAX_LISTED) this.#list.push(difference)
  }

  /** Adds a difference about a file. @param path byte string without its leading slash. */
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

/** For a configuration or manifest that does not match the image's id, which is its digest. */
export const CONFIGURATION_CHANGED: Difference = {
  what: 'changed',
  path: null,
  layer: null,
  keywords: [{keyword: 'configuration', expected: 'the one the id names', found: 'another'}],
}

/** Everything that differs between two entries of one path, except times of folders, which engines change. */
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
