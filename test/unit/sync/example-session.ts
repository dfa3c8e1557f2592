import {SYNC_LABELS} from '../../../src/lib/mutagen/session-labels.js'
import type {SyncEndpoint, SyncSession} from '../../../src/lib/mutagen/session.js'

/** Full id of the session's container. */
export const CONTAINER = 'c0ffee'.padEnd(64, '0')

/** One connected, scanned side of a session, with a test's changes. */
export function endpoint(protocol: 'local' | 'docker', changes: Partial<SyncEndpoint> = {}): SyncEndpoint {
  return {
    protocol,
    host: protocol === 'docker' ? CONTAINER : undefined,
    user: undefined,
    path: protocol === 'docker' ? '/app' : '/home/me/shop',
    environment: {},
    permissions: {owner: undefined, group: undefined, fileMode: '0644', directoryMode: '0755'},
    isConnected: true,
    isScanned: true,
    directories: 3,
    files: 12,
    symbolicLinks: 1,
    bytes: 3456,
    problems: [],
    excludedProblems: 0,
    staging: undefined,
    ...changes,
  }
}

/** A clean session of keg, with a test's changes. */
export function session(changes: Partial<SyncSession> = {}): SyncSession {
  return {
    id: 'sync_exampleexampleexampleexampleexampleexampl',
    name: 'shop',
    labels: {[SYNC_LABELS.own]: '1', [SYNC_LABELS.containerName]: 'shop-dev', [SYNC_LABELS.branch]: 'main'},
    alpha: endpoint('local'),
    beta: endpoint('docker'),
    mode: 'two-way-safe',
    settings: {ignores: ['node_modules'], ignoresVersionControl: true, watchMode: 'portable', pollingInterval: 1},
    isPaused: false,
    status: 'watching',
    lastError: undefined,
    successfulCycles: 1,
    conflicts: [],
    excludedConflicts: 0,
    created: '2026-01-02T03:04:05Z',
    ...changes,
  }
}
