import {realpath} from 'node:fs/promises'
import {relative, sep} from 'node:path'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {readCheckedOutBranch} from '../../git/checked-out-branch.js'
import {readHead} from '../../git/repository.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import type {Tap} from '../tap.js'
import {findCounterparts} from './counterpart.js'
import {isFolder} from './linked-folder.js'

/** Which tap is meant. */
export interface FindTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
}

/** A link, with its folder as a real path. */
interface Link {
  readonly name: string
  readonly folder: string
}

/**
 * The tap of that name. Where the current folder is in a git worktree of its repository, that worktree's, unless the folder there
 * is linked under a name of its own. Without a name the tap that the current folder is in: a linked folder or one below it, or the
 * same place in another worktree of its repository. Of several the deepest folder counts, and of names for one folder the one
 * that is linked itself, the first of the configuration before the others.
 * @throws UsageError `tap-unknown` with the name that may have been meant, `tap-missing` where the folder is in none;
 * FailedError `tap-folder-missing` for a link to a folder that is gone, and what readUserConfiguration and readHead throw
 */
export async function findTap({environment, folder, name}: FindTapOptions): Promise<Tap> {
  const {taps} = await readUserConfiguration(environment)
  const names = [...taps.keys()]
  const links = await Promise.all([...taps].map(([each, {path}]) => realLink(each, path)))
  const current = await realpath(folder).catch(() => folder)
  if (name === undefined) {
    const found = await deepestTap(links, current, environment)
    if (found === undefined) throw noTap(current, names)
    return readTap(found.link, found.folder, environment)
  }

  const link = links.find((each) => each.name === name)
  if (link === undefined) throw await unknownTap(name, names)
  if (!(await isFolder(link.folder))) throw folderMissing(link)
  const [counterpart] = await findCounterparts([link.folder], current, environment)
  const isItsOwn = counterpart === undefined || links.every((each) => each.folder !== counterpart)
  return readTap(link, isItsOwn ? (counterpart ?? link.folder) : link.folder, environment)
}

/** The error for a name that no link has. */
export async function unknownTap(name: string, names: readonly string[]): Promise<UsageError> {
  const closest = await closestWord(name, names)
  const question = closest === undefined ? '' : ` Did you mean ${closest}?`
  return new UsageError(`No tap is linked as ${printable(name)}.${question}`, {
    code: 'tap-unknown',
    hint: `${listOf(names)} Link another with: keg tap link PATH`,
    data: {taps: names},
  })
}

async function realLink(name: string, path: string): Promise<Link> {
  return {name, folder: await realpath(path).catch(() => path)}
}

/** The link whose folder, or whose place in the current folder's worktree, is the deepest that holds the current folder. */
async function deepestTap(links: readonly Link[], current: string, environment: NodeJS.ProcessEnv) {
  const direct = links.filter(({folder}) => holds(folder, current)).map((link) => ({link, folder: link.folder}))
  const places = await findCounterparts(
    links.map(({folder}) => folder),
    current,
    environment,
  )
  const through = links.flatMap((link, index) => {
    const folder = places[index]
    return folder !== undefined && holds(folder, current) ? [{link, folder}] : []
  })
  // The order stays where folders are the same, so that a link of the folder itself comes first.
  return [...direct, ...through].sort((one, other) => other.folder.length - one.folder.length)[0]
}

function holds(folder: string, place: string): boolean {
  const way = relative(folder, place)
  return way !== '..' && !way.startsWith(`..${sep}`)
}

async function readTap({folder: linkedFolder, name}: Link, folder: string, environment: NodeJS.ProcessEnv) {
  const [branch, head] = await Promise.all([
    readCheckedOutBranch(folder, {environment}),
    readHead(folder, {environment}),
  ])
  return {name, folder, linkedFolder, branch, commit: head?.commit} satisfies Tap
}

function folderMissing({folder, name}: Link): FailedError {
  return new FailedError(`The folder of the tap ${name} is gone: ${printable(folder)}`, {
    code: 'tap-folder-missing',
    hint: `Say where it is now with: keg tap link PATH --name ${name}, or forget it with: keg tap unlink ${name}`,
  })
}

function noTap(folder: string, names: readonly string[]): UsageError {
  return new UsageError(`The folder ${printable(folder)} is in no linked tap.`, {
    code: 'tap-missing',
    hint: `${listOf(names)} Link this folder with: keg tap link`,
    data: {taps: names},
  })
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'No tap is linked yet.' : `Linked are: ${names.join(', ')}.`
}
