import {realpath, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {isAbsolute, resolve} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {readRepository} from '../../git/repository.js'
import {printable} from '../../terminal/text.js'
import {mutagenFolder} from '../../mutagen/mutagen-folder.js'
import type {SyncPermissions} from '../../mutagen/mutagen.js'
import {below} from '../../tar/path.js'
import type {Work} from '../../work/work.js'

export interface LocalFolderOptions {
  /** `--local`. */
  readonly given: string | undefined
  /** The folder that the container belongs to by label. */
  readonly ofContainer: string | undefined
}

/**
 * The folder of this machine to sync, as a real path: the given one, or the container's own, or the repository of the
 * current folder, or the answer to a question. The whole machine or home folder only if the user names it.
 * @throws UsageError `local-invalid`, `input-missing`
 */
export async function findLocalFolder(
  {environment, folder, prompt}: Pick<Work, 'environment' | 'folder' | 'prompt'>,
  {given, ofContainer}: LocalFolderOptions,
): Promise<string> {
  if (given !== undefined) return checked(resolve(folder, given), environment)
  const defaultFolder =
    (await realPathUnlessWide(ofContainer, environment)) ?? (await repositoryFolder(folder, environment))
  if (defaultFolder !== undefined) return checked(defaultFolder, environment)
  const answer = await prompt.text(`Folder to sync (nothing: ${folder})`, {flag: '--local'})
  return checked(resolve(folder, answer), environment)
}

/** Modes for new files in the folder, as if its user had created them; for root, also the folder's owner. */
export async function localPermissions(folder: string): Promise<SyncPermissions> {
  const {gid, uid} = await stat(folder)
  // Node only returns the umask while setting one.
  const mask = process.umask(0o077)
  process.umask(mask)
  const open = 0o777 & ~mask
  const isForAnother = process.getuid?.() === 0 && uid !== 0
  return {
    owner: isForAnother ? `id:${uid}` : undefined,
    group: isForAnother ? `id:${gid}` : undefined,
    fileMode: (open & 0o666) | 0o600,
    directoryMode: open | 0o700,
  }
}

async function checked(path: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const real = await realFolder(path)
  const wrong = (problem: string): UsageError =>
    new UsageError(`${printable(path)} cannot be synced: ${problem}.`, {
      code: 'local-invalid',
      hint: 'Choose a folder of this machine with --local.',
    })
  if (real === undefined) throw wrong('it is not a folder')
  const data = mutagenFolder(environment)
  if (below(await realpath(data).catch(() => data), real) !== undefined) throw wrong('Mutagen keeps its own data there')
  return real
}

async function repositoryFolder(folder: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return realPathUnlessWide((await readRepository(folder, {environment}))?.folder, environment)
}

/** The real path of an existing folder other than the root or the home folder. */
async function realPathUnlessWide(
  path: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const real = path === undefined || !isAbsolute(path) ? undefined : await realFolder(path)
  return real === undefined || (await isWide(real, environment)) ? undefined : real
}

async function realFolder(path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined)
  const isFolder = real !== undefined && (await stat(real).catch(() => undefined))?.isDirectory() === true
  return isFolder ? real : undefined
}

async function isWide(real: string, {HOME}: NodeJS.ProcessEnv): Promise<boolean> {
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  return real === '/' || real === (await realpath(home).catch(() => home))
}
