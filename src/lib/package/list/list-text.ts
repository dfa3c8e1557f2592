import {COMMIT_DIGITS} from '../../image/package-summary.js'
import {formatAge} from '../../terminal/age.js'
import {textTable} from '../../terminal/table.js'
import {formatBytes} from '../../terminal/text.js'
import type {ListedPackage} from './model.js'

/** Where and when a list is shown. */
export interface ListTextOptions {
  readonly now: Date
  /** Columns of the terminal; undefined for no limit. */
  readonly width: number | undefined
}

/** What is not known. */
const UNKNOWN = '-'

const DIGEST_DIGITS = 12

/** A table of packages, one a line. */
export function packageTable(packages: readonly ListedPackage[], {now, width}: ListTextOptions): string {
  const head = ['PACKAGE', 'BRANCH', 'COMMIT', 'AUTHOR', 'CREATED', 'SIZE', 'DIGEST']
  const rows = packages.map((listed) => {
    const {author, branch, bytes, compressedBytes, created, digest, reference, services} = listed
    const size = bytes ?? compressedBytes
    return [
      services.length === 0 ? reference : `${reference} (${services.join(', ')})`,
      branch ?? UNKNOWN,
      commitText(listed),
      author === null ? UNKNOWN : nameOf(author),
      created === null ? UNKNOWN : formatAge(new Date(created), now),
      size === null ? UNKNOWN : formatBytes(size),
      digest === null ? UNKNOWN : shortDigest(digest),
    ]
  })
  return textTable([head, ...rows], width)
}

/** With `+` if there were uncommitted changes. */
function commitText({commit, dirty}: Pick<ListedPackage, 'commit' | 'dirty'>): string {
  if (commit === null) return UNKNOWN
  return `${commit.slice(0, COMMIT_DIGITS)}${dirty === true ? '+' : ''}`
}

/** Without the address that git puts behind it: `Ada <ada@example.org>`. */
function nameOf(author: string): string {
  return author.replace(/(?<=\S) <[^<>]*>$/, '')
}

/** As docker shows ids: the first digits, without the algorithm. */
function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, DIGEST_DIGITS)
}
