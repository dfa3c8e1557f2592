import {branchMissing} from './branch-tag.js'
import {likeliestBranch} from './likeliest-branch.js'
import {hashEnding, hashEndingLength, hasHashEnding, SHORT_HASH} from '../reference/hash-ending.js'

/** The maximum length of a host name's label, in characters (RFC 1035, 2.3.4). */
export const MAX_HOST_LABEL_LENGTH = 63

/**
 * The host name of a branch: one lower-case DNS label (RFC 1123, 2.1) that can be typed. Ignores letter case, like DNS:
 * `Feature/A` and `feature/a` share one. Removes accents, and replaces whatever else cannot be in a label by `-`. The
 * likeliest branch of a label (see likeliestBranch) gets exactly that name; each other also gets `-k` and seven digits of
 * the sha256 of its lower-cased name. So does one that is too long, ends like a generated name, or has `--` as its third and
 * fourth character, which marks encoded labels (RFC 5891, 4.2.3.1).
 * @param maxLength available characters, at least twelve
 * @throws UsageError `branch-empty` for the empty name, and nothing else
 */
export function branchHostName(branch: string, maxLength = MAX_HOST_LABEL_LENGTH): string {
  if (branch === '') throw branchMissing()
  const lower = branch.toLowerCase()
  const cleaned = lower
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, (run) => (/^-+$/.test(run) ? run : '-'))
    .replace(/^-+|-+$/g, '')
  const isFree = cleaned.length <= maxLength && !/^..--/.test(cleaned) && !hasHashEnding(cleaned, SHORT_HASH)
  if (isFree && likeliestBranch(cleaned) === lower) return cleaned
  const start = cleaned
    .replace(/^(..)--+/, '$1-')
    .slice(0, maxLength - hashEndingLength(SHORT_HASH))
    .replace(/-+$/, '')
  return `${start === '' ? 'branch' : start}${hashEnding(lower, SHORT_HASH)}`
}
