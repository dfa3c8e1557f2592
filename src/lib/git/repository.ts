import {lstat, realpath, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import type {ConfigListSummary, RemoteWithRefs} from 'simple-git'
import {FailedError, MissingError} from '../error/keg-error.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import {remoteAddress} from './remote-address.js'
import {askGit, type GitAnswer} from './ask-git.js'

/** What is checked out. At least one of the two is set. */
export interface Head {
  /** The full name of the branch; undefined if HEAD is detached. */
  readonly branch: string | undefined
  /** All hexadecimal digits; undefined on a branch without commits. */
  readonly commit: string | undefined
}

/** The git state of a folder. */
export interface Repository extends Head {
  /** The top level of the folder's work tree (a worktree's or submodule's own), as a real path. */
  readonly folder: string
  /** Whether there are tracked changes or untracked files that are not ignored. */
  readonly dirty: boolean
  /** Web address of `origin`, or else of the only remote, without credentials. */
  readonly remote: string | undefined
  /** `Name <mail>` from git's configuration, or whichever of the two is set. */
  readonly author: string | undefined
}

/** How to read. */
export interface ReadOptions {
  /** git's environment; by default that of the process. */
  readonly environment?: NodeJS.ProcessEnv
  /** Whether a missing git is an error. Otherwise the result is as outside of a repository. */
  readonly gitRequired?: boolean
}

/**
 * The git state of a folder: undefined if it does not exist or is in no work tree (a bare repository has none). Writes
 * nothing, not even the index. Ignores the variables that git sets for hooks.
 * @throws FailedError `repository-refused` if git refuses a repository of another owner, with the command that git suggests;
 * `git-failed` if it cannot read it otherwise; MissingError `git-missing` only with `gitRequired`.
 */
export async function readRepository(folder: string, options: ReadOptions = {}): Promise<Repository | undefined> {
  return whereGitIs(folder, options, async (place, environment) => {
    const [status, revision, remotes, configuration] = await Promise.all([
      askGit(place, environment, (git) => git.status(['--untracked-files=normal'])),
      askGit(place, environment, (git) => git.raw(['rev-parse', '--show-toplevel', 'HEAD'])),
      askGit(place, environment, (git) => git.getRemotes(true)),
      askGit(place, environment, (git) => git.listConfig()),
    ])
    if (!succeeded(status, place)) return undefined
    // Without a commit it fails after it has printed the folder.
    const [, top = place, commit] = /^(.*)\n(.*)\n/s.exec(revision.result) ?? []
    const {current, detached} = status.result
    return {
      folder: top,
      branch: detached ? undefined : (current ?? undefined),
      commit: commitIn(commit),
      dirty: !status.result.isClean(),
      remote: remoteOf(remotes.result),
      author: authorOf(configuration.result),
    }
  })
}

/** What is checked out in a folder, without reading files. Otherwise like readRepository. */
export async function readHead(folder: string, options: ReadOptions = {}): Promise<Head | undefined> {
  return whereGitIs(folder, options, headOf)
}

async function headOf(place: string, environment: NodeJS.ProcessEnv): Promise<Head | undefined> {
  const [reference, revision] = await Promise.all([
    // The full name: the short one becomes heads/x if there is also a tag x.
    askGit(place, environment, (git) => git.raw(['symbolic-ref', 'HEAD'])),
    askGit(place, environment, (git) => git.revparse(['--is-inside-work-tree', 'HEAD'])),
  ])
  const [inside, commit] = revision.result.split('\n')
  if (inside === 'false') return undefined
  const detached = /\bnot a symbolic ref\b/.test(reference.stderr)
  if (!detached && !succeeded(reference, place)) return undefined
  const name = reference.result.replace(/\n$/, '')
  const branch = name.startsWith('refs/heads/') ? name.slice('refs/heads/'.length) : undefined
  return {branch, commit: commitIn(commit)}
}

async function whereGitIs<Result>(
  folder: string,
  {environment = process.env, gitRequired = false}: ReadOptions,
  read: (place: string, environment: NodeJS.ProcessEnv) => Promise<Result>,
): Promise<Result | undefined> {
  const place = await existing(folder)
  if (place === undefined || (await findGitFolder(place)) === undefined) return undefined
  try {
    return await read(place, environment)
  } catch (error) {
    if (error instanceof MissingError && !gitRequired) return undefined
    throw error
  }
}

async function existing(folder: string): Promise<string | undefined> {
  try {
    const place = await realpath(folder)
    return (await stat(place)).isDirectory() ? place : undefined
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw new FailedError(`The folder ${printable(folder)} cannot be read.`, {
      code: 'folder-unreadable',
      hint: 'Make it readable for your user, or use another folder.',
      cause: error,
    })
  }
}

/**
 * The nearest folder, from a real path upwards, that contains `.git`. Only git decides whether that is a repository; without
 * one, neither simple-git nor git is started.
 */
export async function findGitFolder(place: string): Promise<string | undefined> {
  for (let folder = place; ; folder = dirname(folder)) {
    try {
      await lstat(join(folder, '.git'))
      return folder
    } catch (error) {
      if (!isAbsence(error)) return folder
      if (dirname(folder) === folder) return undefined
    }
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** True if git succeeded, false if there is no work tree; throws any other answer. */
function succeeded({exitCode, stderr}: GitAnswer<unknown>, place: string): boolean {
  if (exitCode === 0) return true
  if (/\bnot a git repository\b|\bmust be run in a work tree\b/.test(stderr)) return false
  const advice = /^\s*(git config --global --add safe\.directory .+)$/m.exec(stderr)?.[1]
  if (advice !== undefined) {
    throw new FailedError(`git refuses to read ${printable(place)}, because another user owns the repository.`, {
      code: 'repository-refused',
      hint: `If you trust it, run: ${printable(advice)}`,
    })
  }
  const reason = stderr.split('\n').find((line) => line !== '') ?? `it ended with code ${exitCode}`
  throw new FailedError(`git cannot read the repository of ${printable(place)}: ${printable(reason)}`, {
    code: 'git-failed',
    hint: `See more by running there: ${commandLine`git status`}`,
  })
}

function commitIn(text: string | undefined): string | undefined {
  return text !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined
}

function remoteOf(remotes: readonly RemoteWithRefs[]): string | undefined {
  const remote = remotes.find(({name}) => name === 'origin') ?? (remotes.length === 1 ? remotes[0] : undefined)
  return remote && remoteAddress(remote.refs.fetch)
}

function authorOf({all}: ConfigListSummary): string | undefined {
  // Of several values in one file, the last counts.
  const setting = (key: string): string | undefined => [all[key] ?? []].flat().at(-1)
  const name = (setting('author.name') ?? setting('user.name') ?? '').trim()
  const mail = (setting('author.email') ?? setting('user.email') ?? '').trim()
  const parts = [name, mail === '' ? '' : `<${mail}>`].filter((part) => part !== '')
  return parts.length === 0 ? undefined : parts.join(' ')
}
