import {createHash} from 'node:crypto'

import {UsageError} from '../error/keg-error.js'
import {isTag, longestTag, type Tag} from './grammar.js'

const hashDigits = 10

/** What a made name ends in: `-k` and ten hexadecimal digits. A name of the user's own that ends so is never kept. */
const madeEnding = /-k[0-9a-f]{10}$/

/** The length of `-k` and the ten digits. */
export const hashEndingLength = 2 + hashDigits

/** Whether a text ends as the names that keg makes do. */
export function hasHashEnding(text: string): boolean {
  return madeEnding.test(text)
}

/** `-k` and the first ten hexadecimal digits of the sha256 of a text's UTF-8 bytes. */
export function hashEnding(text: string): string {
  return `-k${createHash('sha256').update(text, 'utf8').digest('hex').slice(0, hashDigits)}`
}

/** The error for a branch without a name, which no name can be made of. */
export function branchMissing(): UsageError {
  return new UsageError('The name of the branch is empty.', {
    code: 'branch-empty',
    hint: 'Name the branch with --branch, or the tag with -t.',
  })
}

/**
 * The tag of a branch. A name that is a legal tag and does not end in `-k` and ten hexadecimal digits is kept, letter case included;
 * of every other one what a tag cannot have becomes `-`, and `-k` with ten digits of its sha256 follows, 128 characters in all.
 * So two branches never share a tag. Throws UsageError `branch-empty` for the empty name, and for nothing else.
 */
export function branchTag(branch: string): Tag {
  if (branch === '') throw branchMissing()
  if (isTag(branch) && !hasHashEnding(branch)) return branch
  const cleaned = branch
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, longestTag - hashEndingLength)
    .replace(/[.-]+$/, '')
  return checked(`${cleaned === '' ? 'branch' : cleaned}${hashEnding(branch)}`)
}

/**
 * The tag of a commit that no branch is checked out for: `sha-` and the first 12 digits of its full hexadecimal name.
 * Throws UsageError `commit-invalid` when fewer than 12 digits or something else come in.
 */
export function detachedTag(commit: string): Tag {
  if (!/^[0-9a-f]{12,64}$/i.test(commit)) {
    throw new UsageError('The name of the commit is not at least 12 hexadecimal digits.', {
      code: 'commit-invalid',
      hint: 'Name the branch with --branch, or the tag with -t.',
    })
  }
  return checked(`sha-${commit.slice(0, 12).toLowerCase()}`)
}

function checked(tag: string): Tag {
  if (!isTag(tag)) throw new Error(`keg made a tag that is none: ${tag}`)
  return tag
}
