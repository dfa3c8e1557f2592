import {realpath, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {isAbsolute, relative, resolve} from 'node:path'
import type {Questions} from '../../command/ask.js'
import {UsageError} from '../../error/keg-error.js'
import {readRepository} from '../../git/repository.js'
import {printable} from '../../terminal/text.js'
import {mutagenFolder} from '../mutagen-folder.js'
import type {SyncPermissions} from '../mutagen.js'

export interface LocalFolderOptions {
  /** `--local`. */
  readonly given: string | undefined
  /** The folder that the container belongs to by its labels. */
  readonly ofContainer: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly questions: Questions
}

/**
 * The folder of this machine to sync, as a real path: the one that is named, else the container's own, else the repository that
 * the current folder is in, else the one that is asked for. The whole machine or the whole home is synced only by name.
 * @throws UsageError `local-invalid`, `input-missing`
 */
export async function findLocalFolder(options: LocalFolderOptions): Promise<string> {
  const {environment, folder, given, ofContainer, questions} = options
  if (given !== undefined) return checked(resolve(folder, given), environment)
  const usual = (await narrow(ofContainer, environment)) ?? (await repositoryFolder(folder, environment))
  if (usual !== undefined) return checked(usual, environment)
  const answer = await questions.text(`Folder to sync (nothing: ${folder})`, {flag: '--local'})
  return checked(resolve(folder, answer), environment)
}

/** Modes by which files come into the folder, as if its user had made them; root does it for whom the folder is. */
export async function localPermissions(folder: string): Promise<SyncPermissions> {
  const {gid, uid} = await stat(folder)
  // Node tells the mask only of whoever sets one.
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

/** Where a path lies below a folder; undefined where it lies elsewhere, empty where it is the folder itself. */
export function below(folder: string, path: string): string | undefined {
  const way = relative(folder, path)
  return way === '..' || way.startsWith('../') || isAbsolute(way) ? undefined : way
}

async function checked(path: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const real = await realFolder(path)
  const wrong = (problem: string): UsageError =>
    new UsageError(`${printable(path)} cannot be synced: ${problem}.`, {
      code: 'local-invalid',
      hint: 'Name a folder of this machine with --local.',
    })
  if (real === undefined) throw wrong('it is no folder')
  const data = mutagenFolder(environment)
  if (below(await realpath(data).catch(() => data), real) !== undefined) throw wrong('Mutagen keeps its own data there')
  return real
}

async function repositoryFolder(folder: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return narrow((await readRepository(folder, {environment}))?.folder, environment)
}

/** The real path of a folder that is there, and is not the whole machine or the whole home. */
async function narrow(path: string | undefined, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
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
