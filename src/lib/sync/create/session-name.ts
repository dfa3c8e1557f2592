import {UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {SyncSession} from '../../mutagen/session.js'

/**
 * The name of a new session: the requested one, or the container's, numbered if it is taken.
 * @param others all sessions that stay, made by keg or not
 * @throws UsageError `sync-name-invalid`, `sync-name-taken`
 */
export function sessionName(
  requested: string | undefined,
  containerName: string,
  others: readonly Pick<SyncSession, 'name'>[],
): string {
  const taken = new Set(others.map(({name}) => name))
  if (requested !== undefined) {
    checkSessionName(requested)
    if (!taken.has(requested)) return requested
    throw new UsageError(`Another sync is named ${printable(requested)}.`, {
      code: 'sync-name-taken',
      hint: `Choose another --name, or end that one. Show it with: ${commandLine`keg sync list`}`,
    })
  }
  const name = cleaned(containerName)
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}

/** Mutagen's rule (mutagen 0.18, pkg/selection/names.go). @throws UsageError `sync-name-invalid` */
export function checkSessionName(name: string): void {
  if (/^\p{L}[\p{L}\p{N}-]*$/u.test(name) && !UUID.test(name) && name !== 'defaults') return
  throw new UsageError(`${printable(name)} is not a name for a sync.`, {
    code: 'sync-name-invalid',
    hint: 'It starts with a letter, and has only letters, digits and dashes.',
  })
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

function cleaned(containerName: string): string {
  const name = containerName.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  return /^[A-Za-z]/.test(name) && !UUID.test(name) && name !== 'defaults' ? name : `sync-${name}`
}
