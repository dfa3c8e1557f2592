import {createHash} from 'node:crypto'
import {hashEnding, hashEndingLength, hasHashEnding} from '../reference/hash-ending.js'
import type {SyncSession} from './session.js'

/**
 * Labels of keg's sessions. Mutagen has the rules of Kubernetes: a value has at most 63 letters, digits or `-_.`, and begins
 * and ends with a letter or digit.
 */
export const SYNC_LABELS = {
  /** `1` on every session of keg. */
  own: 'com.keg.sync',
  /** The container's id, encoded by {@link containerLabel}. */
  container: 'com.keg.container',
  /** The container's name, encoded by {@link labelValue}. */
  containerName: 'com.keg.container-name',
  /** The container's branch, encoded by {@link labelValue}; missing if it has none. */
  branch: 'com.keg.branch',
  /** Digest of the session's other settings. */
  settings: 'com.keg.settings',
  /** Id of the run of keg that made it. */
  run: 'com.keg.run',
} as const

/** As many digits of a container's id as are unique, and as a label can hold. */
export function containerLabel(containerId: string): string {
  return containerId.slice(0, 40)
}

/** A text as the value of a label: unchanged if valid, otherwise cleaned, cut, and followed by a digest of the whole. */
export function labelValue(text: string): string {
  if (LEGAL.test(text) && text.length <= MAX_LENGTH && !hasHashEnding(text)) return text
  const cleaned = text
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MAX_LENGTH - hashEndingLength())
  return `${cleaned === '' ? 'x' : cleaned}${hashEnding(text)}`
}

/** A digest of any JSON value, short enough for a label. */
export function settingsLabel(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 40)
}

/** Whether keg made a session; others are never changed. */
export function isManaged(session: Pick<SyncSession, 'labels'>): boolean {
  return session.labels[SYNC_LABELS.own] !== undefined
}

const LEGAL = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/
const MAX_LENGTH = 63
