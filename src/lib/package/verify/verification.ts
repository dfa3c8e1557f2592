import {RefusedError} from '../../error/keg-error.js'
import {count, printable} from '../../terminal/text.js'
import type {Difference, Differences} from './difference.js'

/** What came out when an image was checked; scripts can rely on these fields. */
export interface CheckedImage {
  /** Entries that were compared: those of the container's own layer, deletions included, and of the mounts' layers. */
  readonly entries: number
  /** The first of them; how many there are in all is `differenceCount`. */
  readonly differences: readonly Difference[]
  readonly differenceCount: number
  /** Layers of the container's image, which are the same by their digests. */
  readonly unchangedLayers: number
  /** What of a file no image carries, or engines change themselves. */
  readonly notCompared: readonly string[]
  /** What a sync had made for itself in the container, and is not in the image: absolute paths. */
  readonly leftOut: readonly string[]
}

/** What came out when a package was compared with its container. */
export interface Verification extends CheckedImage {
  /** Files of the container that no image carries: absolute paths of sockets. */
  readonly notCarried: readonly string[]
}

/** What is never compared, because no image carries it or engines change it themselves. */
export const NOT_COMPARED = [
  'times of folders',
  'parts of a second of times',
  'extended attributes other than security.capability',
  'ACLs',
  'attributes of the root folder',
  'sockets',
  'tmpfs',
  '/etc/hosts, /etc/hostname and /etc/resolv.conf, which the engine makes for each container',
] as const

/** `1,204 entries, 0 differences`. */
export function verificationCounts({
  differenceCount,
  entries,
}: Pick<CheckedImage, 'differenceCount' | 'entries'>): string {
  return `${count(entries, 'entry', 'entries')}, ${count(differenceCount, 'difference')}`
}

/** What a person reads of an image that is right, as lines. */
export function verificationLines(verification: CheckedImage, sockets = 0): string[] {
  const left = sockets === 0 ? '' : `, ${count(sockets, 'socket')} not carried`
  const unchanged = `${count(verification.unchangedLayers, 'layer')} below unchanged`
  return [
    `Verified: ${verificationCounts(verification)}, ${unchanged}${left}`,
    ...(verification.leftOut.length === 0
      ? []
      : [
          `Not in it, because a sync made it for itself: ${verification.leftOut.map((path) => printable(path)).join(', ')}`,
        ]),
    'Not compared: times of folders, parts of a second, user attributes and ACLs',
  ]
}

/** So many differences are shown to a person. */
const MOST_SHOWN = 30

/** The differences as lines for a person. */
export function differencesText({
  differenceCount,
  differences,
}: Pick<CheckedImage, 'differenceCount' | 'differences'>): string {
  const lines = differences.slice(0, MOST_SHOWN).map((difference) => `  ${differenceText(difference)}`)
  const more = differenceCount - lines.length
  return [...lines, ...(more > 0 ? [`  and ${more.toLocaleString('en-US')} more`] : [])].join('\n')
}

function differenceText({keywords, layer, path, what}: Difference): string {
  const where = path ?? (layer === null ? 'image' : `layer ${layer}`)
  const changes = keywords.map(({expected, found, keyword}) => `${keyword} expected ${expected}, found ${found}`)
  return `${what} ${where}${changes.length === 0 ? '' : `: ${changes.join('; ')}`}`
}

/** Puts together what was found. */
export function verificationOf(
  differences: Differences,
  facts: Pick<CheckedImage, 'entries' | 'unchangedLayers' | 'leftOut'>,
  notCompared: readonly string[] = [],
): CheckedImage {
  const found = {differences: differences.list, differenceCount: differences.total}
  return {...facts, ...found, notCompared: [...NOT_COMPARED, ...notCompared]}
}

/** The error for an image that is not what was recorded. */
export function verificationFailed(what: string, verification: CheckedImage, hint: string): RefusedError {
  return new RefusedError(`${what}: ${verificationCounts(verification)}.\n${differencesText(verification)}`, {
    code: 'verification-failed',
    hint,
    data: {...verification},
  })
}
