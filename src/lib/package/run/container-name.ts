import {branchTag} from '../../branch/branch-tag.js'
import {likeliestBranch} from '../../branch/likeliest-branch.js'
import {UsageError} from '../../error/keg-error.js'
import {
  hashEnding,
  hashEndingLength,
  hasHashEnding,
  SHORT_HASH,
  withoutHashEnding,
} from '../../reference/hash-ending.js'
import type {Reference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'

/** Docker's grammar for container names (moby, daemon/names). */
const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

const DIGEST_DIGITS = 12

/** The limit of a network's DNS for a label (RFC 1035, 2.3.4), in characters. */
const MAX_LENGTH = 63

/**
 * The name of a package's container: `keg-<last part of the image's name>-<tag>`; without a tag, the first digits of the digest
 * take its place. Every such reference gives a valid name of at most 63 characters, and each tag of an image a different one.
 */
export function defaultContainerName({
  repository,
  tag,
  digest,
}: Pick<Reference, 'repository' | 'tag' | 'digest'>): string {
  const image = repository.slice(repository.lastIndexOf('/') + 1)
  const digits = digest?.slice(digest.indexOf(':') + 1).slice(0, DIGEST_DIGITS)
  const name = `keg-${image}-${tag === undefined ? (digits ?? 'latest') : shortTag(tag)}`
  if (name.length <= MAX_LENGTH) return name
  const start = name.slice(0, MAX_LENGTH - hashEndingLength(SHORT_HASH)).replace(/[^a-zA-Z0-9]+$/, '')
  return start + hashEnding(name, SHORT_HASH)
}

/**
 * A tag without the long hash that keg adds for a branch whose name is not a valid tag: `feature_a` for that of `feature/a`, and
 * a shorter hash for others. Any other tag is kept, unless it could be mistaken for one of these.
 */
function shortTag(tag: string): string {
  if (!hasHashEnding(tag)) return isLikeShort(tag) ? tag + hashEnding(tag, SHORT_HASH) : tag
  const cleaned = withoutHashEnding(tag)
  const branch = likeliestBranch(cleaned)
  if (branch !== cleaned && branchTag(branch) === tag) return branch.replace('/', '_')
  return tag.slice(0, cleaned.length + hashEndingLength(SHORT_HASH))
}

function isLikeShort(tag: string): boolean {
  const cleaned = tag.replace('_', '-')
  return hasHashEnding(tag, SHORT_HASH) || (cleaned !== tag && likeliestBranch(cleaned)[tag.indexOf('_')] === '/')
}

/** @throws UsageError `name-invalid` for a name that docker does not accept. */
export function checkContainerName(name: string): string {
  if (CONTAINER_NAME.test(name)) return name
  throw new UsageError(`A container cannot be named ${printable(name)}`, {
    code: 'name-invalid',
    hint: 'A name has letters, digits, "_", "." and "-", at least two, and starts with a letter or digit.',
  })
}

/** The first of `name`, `name-2`, `name-3` ... that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let candidate = name
  for (let number = 2; taken.has(candidate); number++) candidate = `${name}-${number}`
  return candidate
}
