/** A version number as programs and distributions write it: `29.5.1`, `v2.3.0`, `1.0.0-rc93`, `20.10.24+dfsg1`. */
export interface Version {
  readonly numbers: readonly number[]
  /** Kind and number of a pre-release. */
  readonly preRelease: readonly [rank: number, number: number]
  /** Whether a distribution built it: it may have fixes that the version does not show. */
  readonly isOfDistribution: boolean
}

const PRE_RELEASES = ['alpha', 'beta', 'rc']
const RELEASE: Version['preRelease'] = [PRE_RELEASES.length, 0]

/** @returns undefined for text that does not begin like a version. */
export function parseVersion(text: string): Version | undefined {
  const found = /^v?(\d+(?:\.\d+)*)(?:[-~.]?(alpha|beta|rc)[-.]?(\d+)?)?(.*)$/s.exec(text.trim())
  if (found === null) return undefined
  const [, numbers = '', kind, number, rest = ''] = found
  return {
    numbers: numbers.split('.').map(Number),
    preRelease: kind === undefined ? RELEASE : [PRE_RELEASES.indexOf(kind), Number(number ?? 0)],
    // `+dfsg1`, `~ds1`, `-0ubuntu2`; `-ce` is Docker's own.
    isOfDistribution: /^(?:[+~]|-\d)/.test(rest),
  }
}

/** Less than 0 if `left` is older, more if it is newer. A distribution's suffix does not count. */
export function compareVersions(left: Version, right: Version): number {
  const length = Math.max(left.numbers.length, right.numbers.length)
  for (let index = 0; index < length; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.preRelease[0] - right.preRelease[0] || left.preRelease[1] - right.preRelease[1]
}

/** Whether a version is older than another. False for an invalid version. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [parseVersion(version), parseVersion(than)]
  return left !== undefined && right !== undefined && compareVersions(left, right) < 0
}
