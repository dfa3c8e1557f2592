import {readdir} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'

/** Mutagen's data folder, whether it exists or not (mutagen 0.18, pkg/filesystem/mutagen.go). */
export function mutagenFolder({HOME, MUTAGEN_DATA_DIRECTORY}: NodeJS.ProcessEnv): string {
  if (MUTAGEN_DATA_DIRECTORY) return MUTAGEN_DATA_DIRECTORY
  return join(HOME === undefined || HOME === '' ? homedir() : HOME, '.mutagen')
}

/** The identifiers of all sessions, without starting Mutagen's daemon. */
export async function sessionIds(environment: NodeJS.ProcessEnv): Promise<string[]> {
  return readdir(join(mutagenFolder(environment), 'sessions')).catch(() => [])
}
