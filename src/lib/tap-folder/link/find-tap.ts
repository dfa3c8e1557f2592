import {realpath} from 'node:fs/promises'
import {relative, sep} from 'node:path'
import type {Prompt} from '../../terminal/prompt.js'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {branchOfHead} from '../../branch/checked-out-branch.js'
import {readHead} from '../../git/repository.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {Tap} from '../tap.js'
import {findCounterparts} from './worktree-folder.js'
import {isFolder} from './linked-folder.js'
import {linkAdvice} from './link-advice.js'
import {refuseInvalid, type UserConfiguration} from '../../config/model.js'
import type {Work} from '../../work/work.js'

/** Where to find a tap; with a prompt, the user chooses one if the folder is in none. */
export type FindTapWork = Pick<Work, 'environment' | 'folder'> & Partial<Pick<Work, 'prompt'>>

/** Which tap to find. */
export interface FindTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
}

/** A link, with the real path of its folder. */
interface Link {
  readonly name: string
  readonly folder: string
}

/**
 * Finds a tap by name: if the current folder is in a git worktree of its repository, that worktree's, unless the folder
 * there is linked itself. Without a name, the tap that the current folder is in: a linked folder or one below it, or the
 * same path in another worktree of its repository. Of several, the deepest folder counts; of several names for one folder,
 * one that is linked directly, then the first in the configuration.
 * @throws UsageError `tap-unknown` with a suggestion, `tap-missing` if the folder is in none, `configuration-invalid` for an
 * invalid link; FailedError `tap-folder-missing` for a link to a missing folder, and what readUserConfiguration and readHead
 * throw
 */
export async function findTap(work: FindTapWork, options: FindTapOptions): Promise<Tap> {
  return readTap(await findTapFolder(work, options), work.environment)
}

/** Where a tap is: everything known without git. */
export type TapFolderPlace = Pick<Tap, 'folder' | 'linkedFolder' | 'name'>

/**
 * Finds a tap's folder as findTap does, even if git cannot read what is checked out there. @throws what findTap does about
 * links
 */
export async function findTapFolder(work: FindTapWork, options: FindTapOptions): Promise<TapFolderPlace> {
  const {environment, folder, prompt} = work
  let {name} = options
  const configuration = await readUserConfiguration(environment)
  const {taps} = configuration
  const names = [...taps.keys()]
  const links = await Promise.all([...taps].map(([each, {path}]) => realLink(each, path)))
  const current = await realpath(folder).catch(() => folder)
  if (name === undefined) {
    const found = await deepestTap(links, current, environment)
    if (found !== undefined) return placeOf(found.link, found.folder)
    if (names.length === 0 || prompt?.isInteractive !== true) throw await noTap(current, configuration, links)
    name = await chooseTap('This folder does not belong to a linked tap. Which tap?', taps, prompt)
  }

  refuseInvalid(configuration, `taps.${name}`)
  const link = links.find((each) => each.name === name)
  if (link === undefined) throw await unknownTap(name, names)
  if (!(await isFolder(link.folder))) throw folderMissing(link)
  const [counterpart] = await findCounterparts([link.folder], current, environment)
  const isItsOwn = counterpart === undefined || links.every((each) => each.folder !== counterpart)
  return placeOf(link, isItsOwn ? (counterpart ?? link.folder) : link.folder)
}

/** Lets the user choose a linked tap. @returns its name */
export function chooseTap(
  question: string,
  taps: ReadonlyMap<string, {readonly path: string}>,
  prompt: Prompt,
): Promise<string> {
  const choices = [...taps].map(([name, {path}]) => ({name: `${name} (${path})`, value: name}))
  return prompt.choose(question, choices, {flag: 'the name of a tap', isList: true})
}

/** The error for a name without a link. */
export async function unknownTap(name: string, names: readonly string[]): Promise<UsageError> {
  return new UsageError(`No tap is linked as ${printable(name)}.`, {
    code: 'tap-unknown',
    hint: `${await didYouMean(name, names)}${listOf(names)} Link ${names.length === 0 ? 'one' : 'another'} with: ${commandLine`keg tap link PATH`}`,
    data: {taps: names},
  })
}

async function realLink(name: string, path: string): Promise<Link> {
  return {name, folder: await realpath(path).catch(() => path)}
}

/** The link with the deepest folder that contains the current one, directly or through the current worktree. */
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
  // The sort is stable: for equal folders, a direct link comes first.
  return [...direct, ...through].sort((one, other) => other.folder.length - one.folder.length)[0]
}

function holds(folder: string, place: string): boolean {
  const way = relative(folder, place)
  return way !== '..' && !way.startsWith(`..${sep}`)
}

function placeOf({folder: linkedFolder, name}: Link, folder: string): TapFolderPlace {
  return {name, folder, linkedFolder}
}

/** What is checked out in a tap's folder. @throws what readHead does */
export async function readTap(place: TapFolderPlace, environment: NodeJS.ProcessEnv): Promise<Tap> {
  const {folder} = place
  const head = await readHead(folder, {environment})
  return {...place, branch: head && (await branchOfHead(head, folder, {environment})), commit: head?.commit}
}

function folderMissing({folder, name}: Link): FailedError {
  return new FailedError(`The folder of the tap ${name} is gone: ${printable(folder)}`, {
    code: 'tap-folder-missing',
    hint: folderGoneHint(name),
  })
}

/** An invalid link's folder is unknown: it may be this one. */
async function noTap(folder: string, {invalid, taps}: UserConfiguration, links: readonly Link[]): Promise<UsageError> {
  const names = [...taps.keys()]
  const broken = [...invalid.keys()].filter((name) => name === 'taps' || name.startsWith('taps.'))
  const note =
    broken.length === 0
      ? ''
      : ` Not valid in the configuration (see ${commandLine`keg config list`}): ${broken.join(', ')}.`
  const isGone = !(await isFolder(folder))
  const what = isGone ? 'is gone' : 'does not belong to a linked tap'
  const advice = isGone ? 'Change to another folder, or name a tap.' : await linkAdvice(folder, links)
  return new UsageError(`The folder ${printable(folder)} ${what}.`, {
    code: 'tap-missing',
    hint: `${listOf(names)}${printable(note)} ${advice}`,
    data: {taps: names},
  })
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'No tap is linked yet.' : `Linked taps: ${names.join(', ')}.`
}

/** What to do about a tap whose folder is gone. */
export function folderGoneHint(name: string): string {
  return `Link its new folder with: ${commandLine`keg tap link PATH --name ${name}`}, or unlink it with: ${commandLine`keg tap unlink ${name}`}`
}
