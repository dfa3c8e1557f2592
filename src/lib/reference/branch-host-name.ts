import {branchMissing, hasHashEnding, hashEnding, hashEndingLength} from './branch-tag.js'

/** Longest label of a host name in characters (RFC 1035, 2.3.4). */
const longestLabel = 63

/**
 * The host name of a branch: one lower-case DNS label (RFC 1123, 2.1). Letter case is ignored, as DNS ignores it: `Feature/A` and
 * `feature/a` share one. A lower-cased name that is such a label is kept, unless it ends as a made one does or has `--` as its third
 * and fourth character, which marks encoded labels (RFC 5891, 4.2.3.1); every other is cleaned and followed by `-k` and ten digits of
 * the sha256 of the lower-cased name. So branches that differ in more than letter case never share one.
 * Throws UsageError `branch-empty` for the empty name, and for nothing else.
 */
export function branchHostName(branch: string): string {
  if (branch === '') throw branchMissing()
  const lower = branch.toLowerCase()
  const isLabel = lower.length <= longestLabel && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(lower)
  if (isLabel && !/^..--/.test(lower) && !hasHashEnding(lower)) return lower
  const cleaned = lower
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, longestLabel - hashEndingLength)
    .replace(/-$/, '')
  return `${cleaned === '' ? 'branch' : cleaned}${hashEnding(lower)}`
}
