import {UsageError} from '../error/keg-error.js'
import {isTag, longestTag, type Tag} from '../reference/grammar.js'
import {hashEnding, hashEndingLength, hasHashEnding} from '../reference/hash-ending.js'

/** The error for an empty branch name. */
export function branchMissing(): UsageError {
  return new UsageError('The name of the branch is empty.', {
    code: 'branch-empty',
    hint: 'Name the branch with --branch, or the tag with -t.',
  })
}

/**
 * The tag of a branch. A valid tag that does not end in `-k` and ten hexadecimal digits is kept, letter case included; in
 * every other name, invalid characters become `-`, and `-k` with ten digits of its sha256 follows, 128 characters in all. So
 * two branches never share a tag. Throws UsageError `branch-empty` for the empty name, and nothing else.
 */
export function branchTag(branch: string): Tag {
  if (branch === '') throw branchMissing()
  if (isTag(branch) && !hasHashEnding(branch)) return branch
  const cleaned = branch
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, longestTag - hashEndingLength())
    .replace(/[.-]+$/, '')
  return checked(`${cleaned === '' ? 'branch' : cleaned}${hashEnding(branch)}`)
}

/**
 * The tag of a detached HEAD's commit: `sha-` and the first 12 digits of its full hexadecimal name. Throws UsageError
 * `commit-invalid` for fewer than 12 digits or anything else.
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
