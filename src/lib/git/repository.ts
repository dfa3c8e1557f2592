import {lstat, realpath, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {FailedError, MissingError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {remoteAddress} from './remote-address.js'
import {runGit, type GitAnswer} from './run-git.js'

/** What is checked out. One of the two is always there. */
export interface Head {
  /** The whole name of the branch, as it is; undefined when HEAD is detached. */
  readonly branch: string | undefined
  /** All hexadecimal digits; undefined on a branch without a commit. */
  readonly commit: string | undefined
}

/** The git state of a folder. */
export interface Repository extends Head {
  /** The top level of the work tree that the folder is in (a worktree's or submodule's own), as a real path. */
  readonly folder: string
  /** Whether something tracked was changed or something untracked is there that git does not ignore. */
  readonly dirty: boolean
  /** Web address of `origin`, or else of the only remote, without credentials. */
  readonly remote: string | undefined
  /** `Name <mail>` of git's configuration, or the one of both that is set. */
  readonly author: string | undefined
}

/** How to read. */
export interface ReadOptions {
  /** What git runs with; the process's own environment when left out. */
  readonly environment?: NodeJS.ProcessEnv
  /** Whether a machine without git is an error. Otherwise nothing is known there, as outside of any repository. */
  readonly gitRequired?: boolean
}

/**
 * The git state of a folder: undefined when it is in no work tree (a bare repository has none) or does not exist. Nothing is
 * written, the index included. The variables by which git tells its hooks their repository have no effect.
 * @throws FailedError `repository-refused` when git refuses a repository that somebody else owns, with the command git
 * advises; `git-failed` when it cannot read it otherwise; MissingError `git-missing` only with `gitRequired`.
 */
export async function readRepository(folder: string, options: ReadOptions = {}): Promise<Repository | undefined> {
  return whereGitIs(folder, options, async (place, environment) => {
    const [status, top, configuration] = await Promise.all([
      runGit(
        place,
        ['--no-optional-locks', 'status', '--porcelain=v2', '--branch', '--untracked-files=normal', '-z'],
        environment,
      ),
      runGit(place, ['rev-parse', '--show-toplevel'], environment),
      runGit(place, ['config', '--null', '--list'], environment),
    ])
    if (!succeeded(status, place) || !succeeded(top, place)) return undefined
    const records = status.stdout.split('\0').filter((record) => record !== '')
    const branch = header(records, 'branch.head')
    // A branch may be named "(detached)": only the reference itself tells.
    const head =
      branch === undefined || branch === '(detached)'
        ? await headOf(place, environment)
        : {branch, commit: commitIn(header(records, 'branch.oid'))}
    if (head === undefined) return undefined
    return {
      folder: top.stdout.replace(/\n$/, ''),
      ...head,
      dirty: records.some((record) => !record.startsWith('# ')),
      ...identity(configuration.exitCode === 0 ? configuration.stdout : ''),
    }
  })
}

/** What is checked out in a folder, and nothing else: it takes no look at the files. As readRepository in all the rest. */
export async function readHead(folder: string, options: ReadOptions = {}): Promise<Head | undefined> {
  return whereGitIs(folder, options, headOf)
}

async function headOf(place: string, environment: NodeJS.ProcessEnv): Promise<Head | undefined> {
  const [reference, revision] = await Promise.all([
    // The whole name: the short one becomes heads/x where a tag is named x too.
    runGit(place, ['symbolic-ref', 'HEAD'], environment),
    runGit(place, ['rev-parse', '--is-inside-work-tree', 'HEAD'], environment),
  ])
  const [inside, commit] = revision.stdout.split('\n')
  if (inside === 'false') return undefined
  const detached = /\bnot a symbolic ref\b/.test(reference.stderr)
  if (!detached && !succeeded(reference, place)) return undefined
  const name = reference.stdout.replace(/\n$/, '')
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
      hint: 'Give yourself the right to read it, or name another folder.',
      cause: error,
    })
  }
}

/**
 * The nearest folder, from a real path upwards, with something named `.git` in it. Git alone decides whether that is a
 * repository; where there is nothing, neither simple-git has to be loaded nor git started.
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

/** True when git did what it was asked, false where there is no work tree; every other answer is thrown. */
function succeeded({exitCode, stderr}: GitAnswer, place: string): boolean {
  if (exitCode === 0) return true
  if (/\bnot a git repository\b|\bmust be run in a work tree\b/.test(stderr)) return false
  const advice = /^\s*(git config --global --add safe\.directory .+)$/m.exec(stderr)?.[1]
  if (advice !== undefined) {
    throw new FailedError(`git refuses to read ${printable(place)}, because somebody else owns the repository.`, {
      code: 'repository-refused',
      hint: `If you trust it, run: ${printable(advice)}`,
    })
  }
  const reason = stderr.split('\n').find((line) => line !== '') ?? `it ended with code ${exitCode}`
  throw new FailedError(`git cannot read the repository of ${printable(place)}: ${printable(reason)}`, {
    code: 'git-failed',
    hint: 'Run git status there to see more.',
  })
}

function header(records: readonly string[], name: string): string | undefined {
  return records.find((record) => record.startsWith(`# ${name} `))?.slice(`# ${name} `.length)
}

function commitIn(text: string | undefined): string | undefined {
  return text !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined
}

/** Reads `git config --null --list`: records of key, newline and value; the last one of a key counts, a remote's first. */
function identity(list: string): Pick<Repository, 'author' | 'remote'> {
  const settings = new Map<string, string>()
  const remotes = new Map<string, string>()
  const rewrites: {readonly prefix: string; readonly base: string}[] = []
  for (const record of list.split('\0')) {
    const [key = '', ...lines] = record.split('\n')
    const value = lines.join('\n')
    settings.set(key, value)
    const [, remote] = /^remote\.(.+)\.url$/.exec(key) ?? []
    if (remote !== undefined && !remotes.has(remote)) remotes.set(remote, value)
    const [, base] = /^url\.(.+)\.insteadof$/.exec(key) ?? []
    if (base !== undefined) rewrites.push({prefix: value, base})
  }
  const url = remotes.get('origin') ?? (remotes.size === 1 ? [...remotes.values()][0] : undefined)
  const [rewrite] = rewrites
    .filter(({prefix}) => prefix !== '' && url?.startsWith(prefix))
    .sort((one, other) => other.prefix.length - one.prefix.length)
  const address = url === undefined || rewrite === undefined ? url : rewrite.base + url.slice(rewrite.prefix.length)
  return {
    remote: address === undefined ? undefined : remoteAddress(address),
    author: author(
      settings.get('author.name') ?? settings.get('user.name'),
      settings.get('author.email') ?? settings.get('user.email'),
    ),
  }
}

function author(name = '', mail = ''): string | undefined {
  const parts = [name.trim(), mail.trim() === '' ? '' : `<${mail.trim()}>`].filter((part) => part !== '')
  return parts.length === 0 ? undefined : parts.join(' ')
}
