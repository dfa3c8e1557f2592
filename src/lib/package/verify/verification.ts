import {RefusedError} from '../../error/keg-error.js'
import {count, printable} from '../../terminal/text.js'
import type {Difference, Differences} from './difference.js'

/** The result of verifying an image; scripts can rely on these fields. */
export interface CheckedImage {
  /** Entries that were compared: those of the container's writable layer, deletions included, and of the mounts' layers. */
  readonly entries: number
  /** The first differences; `differenceCount` is the total number. */
  readonly differences: readonly Difference[]
  /** The number of differences, listed or not. */
  readonly differenceCount: number
  /** Layers of the container's image, which have the same digests. */
  readonly unchangedLayers: number
  /** What no image contains, or engines change themselves. */
  readonly notCompared: readonly string[]
  /** Files that a sync had created for itself in the container, and that are not in the image: absolute paths. */
  readonly agentFiles: readonly string[]
}

/** The result of comparing a package with its container. */
export interface Verification extends CheckedImage {
  /** Files of the container that no image contains: absolute paths of sockets. */
  readonly notCarried: readonly string[]
}

/** What is never compared, because no image contains it or engines change it themselves. */
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

/** The text for people about a verified image, as lines. */
export function verificationLines(verification: CheckedImage, sockets = 0): string[] {
  const left = sockets === 0 ? '' : `, ${count(sockets, 'socket')} not included`
  const unchanged = `${count(verification.unchangedLayers, 'layer')} below unchanged`
  return [
    `Verified: ${verificationCounts(verification)}, ${unchanged}${left}`,
    ...(verification.agentFiles.length === 0
      ? []
      : [
          `Not included, because it belongs to a sync: ${verification.agentFiles.map((path) => printable(path)).join(', ')}`,
        ]),
    'Not compared: times of folders, parts of a second, user attributes and ACLs',
    ...verification.notCompared.slice(NOT_COMPARED.length).map((what) => `Not compared: ${printable(what)}`),
  ]
}

/** How many differences are shown to a person. */
const MAX_SHOWN = 30

/** The differences as lines for a person. */
export function differencesText({
  differenceCount,
  differences,
}: Pick<CheckedImage, 'differenceCount' | 'differences'>): string {
  const lines = differences.slice(0, MAX_SHOWN).map((difference) => `  ${differenceText(difference)}`)
  const more = differenceCount - lines.length
  return [...lines, ...(more > 0 ? [`  and ${more.toLocaleString('en-US')} more`] : [])].join('\n')
}

function differenceText({keywords, layer, path, what}: Difference): string {
  const where = path ?? (layer === null ? 'image' : `layer ${layer}`)
  const changes = keywords.map(({expected, found, keyword}) => `${keyword} expected ${expected}, found ${found}`)
  return `${what} ${where}${changes.length === 0 ? '' : `: ${changes.join('; ')}`}`
}

/** Combines the results. */
export function verificationOf(
  differences: Differences,
  facts: Pick<CheckedImage, 'entries' | 'unchangedLayers' | 'agentFiles'>,
  notCompared: readonly string[] = [],
): CheckedImage {
  const found = {differences: differences.list, differenceCount: differences.total}
  return {...facts, ...found, notCompared: [...NOT_COMPARED, ...notCompared]}
}

/** The error for an image that differs from the record. */
export function verificationFailed(what: string, verification: CheckedImage, hint: string): RefusedError {
  return new RefusedError(`${what}: ${verificationCounts(verification)}.\n${differencesText(verification)}`, {
    code: 'verification-failed',
    hint,
    data: {...verification},
  })
}
