import {randomUUID} from 'node:crypto'
import {readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {makeFolder} from '../../process/make-folder.js'
import {stateFolder, stateUnwritable} from '../../process/state-folder.js'
import {parseJson, property} from '../../json/json.js'
import {mutagenFolder, sessionIds} from '../../mutagen/mutagen-folder.js'

/** The branch that a session was bound to after its creation: one file for each, named after Mutagen's id of the session. */
export interface BranchBinding {
  /** Full name of the branch. */
  readonly branch: string
  /** Mutagen's data folder: sessions in another one have files here too. */
  readonly mutagen: string
}

const SCHEMA = 1
const MAX_BRANCH_LENGTH = 1024

/** @returns undefined if there is none, or if keg did not write it */
export async function readBinding(id: string, environment: NodeJS.ProcessEnv): Promise<BranchBinding | undefined> {
  const file = bindingFile(id, environment)
  const value = file && parseJson(await readFile(file, 'utf8').catch(() => ''))
  const [branch, mutagen] = [property(value, 'branch'), property(value, 'mutagen')]
  if (property(value, 'schema') !== SCHEMA || typeof branch !== 'string' || typeof mutagen !== 'string')
    return undefined
  return branch === '' || branch.length > MAX_BRANCH_LENGTH ? undefined : {branch, mutagen}
}

/**
 * Writes it atomically, and removes those of sessions that no longer exist.
 * @throws FailedError `state-unwritable`
 */
export async function writeBinding(id: string, branch: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const file = bindingFile(id, environment)
  if (file === undefined) throw new Error('a session whose identifier is none')
  const folder = bindingFolder(environment)
  const temporary = join(folder, `.${randomUUID()}`)
  const binding = {schema: SCHEMA, branch, mutagen: mutagenFolder(environment)}
  try {
    await makeFolder(folder, 0o700)
    await writeFile(temporary, `${JSON.stringify(binding)}\n`, {flag: 'wx', mode: 0o600})
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, {force: true}).catch(() => undefined)
    throw stateUnwritable(folder, cause)
  }
  await removeStale(id, environment)
}

/** Removes the binding of a session, if it exists. */
export async function removeBinding(id: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const file = bindingFile(id, environment)
  if (file !== undefined) await rm(file, {force: true}).catch(() => undefined)
}

async function removeStale(kept: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const files = await readdir(bindingFolder(environment)).catch(() => [])
  const existing = new Set([kept, ...(await sessionIds(environment))])
  const ids = files.map((file) => file.replace(/\.json$/, '')).filter((id) => !existing.has(id))
  for (const id of ids) {
    const binding = await readBinding(id, environment)
    if (binding?.mutagen === mutagenFolder(environment)) await removeBinding(id, environment)
  }
}

function bindingFolder(environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(environment), 'sync')
}

/** Undefined for an invalid identifier, which could be a path to another place. */
function bindingFile(id: string, environment: NodeJS.ProcessEnv): string | undefined {
  return /^\w{1,100}$/.test(id) ? join(bindingFolder(environment), `${id}.json`) : undefined
}
