import {createHash} from 'node:crypto'
import {hashEnding, hashEndingLength, hasHashEnding} from '../reference/branch-tag.js'
import type {SyncSession} from './session.js'

/**
 * Labels of the sessions that keg made. Mutagen's labels are those of Kubernetes: a value has at most 63 characters, letters,
 * digits and `-_.`, with a letter or a digit at both ends.
 */
export const SYNC_LABELS = {
  /** `1` on every session of keg's own. */
  own: 'com.keg.sync',
  /** What {@link containerLabel} makes of the container's id. */
  container: 'com.keg.container',
  /** What {@link labelValue} makes of the container's name. */
  containerName: 'com.keg.container-name',
  /** What {@link labelValue} makes of the branch that the container is for; missing where there is none. */
  branch: 'com.keg.branch',
  /** Digest of all other settings of the session. */
  settings: 'com.keg.settings',
  /** Id of the run of keg that made it. */
  run: 'com.keg.run',
} as const

/** As many digits of a container's id as tell it from every other, and as a label can have. */
export function containerLabel(containerId: string): string {
  return containerId.slice(0, 40)
}

/** A text as the value of a label: kept where it is a legal one, else cleaned, cut, and ended by a digest of the whole. */
export function labelValue(text: string): string {
  if (LEGAL.test(text) && text.length <= MOST_CHARACTERS && !hasHashEnding(text)) return text
  const cleaned = text
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MOST_CHARACTERS - hashEndingLength)
  return `${cleaned === '' ? 'x' : cleaned}${hashEnding(text)}`
}

/** A digest of whatever JSON can carry, short enough for a label. */
export function settingsLabel(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 40)
}

/** Whether keg made a session; all others are never touched. */
export function isOwn(session: Pick<SyncSession, 'labels'>): boolean {
  return session.labels[SYNC_LABELS.own] !== undefined
}

const LEGAL = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/
const MOST_CHARACTERS = 63
