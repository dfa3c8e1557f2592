import {readUserConfiguration} from '../../config/user-configuration.js'
import {readCheckedOutBranch} from '../../branch/checked-out-branch.js'
import {orTrouble, type RowTrouble} from '../../terminal/row-trouble.js'
import {canBeCommand, commandsNote, refreshTapCommands, type RefreshOptions} from '../plugin/refresh-tap-commands.js'
import {invalidTaps} from './invalid-taps.js'
import {commandLine} from '../../terminal/command-line.js'
import {isFolder} from './linked-folder.js'
import type {Work} from '../../work/work.js'

/** A link and its current state. */
export interface ListedTap {
  /** Name of the tap. */
  readonly name: string
  /** Null for an invalid record; see its trouble. */
  readonly path: string | null
  /** The branch checked out there, or the tag of the commit; null without git. */
  readonly branch: string | null
  /** Why the branch is unknown; null if it is known. */
  readonly trouble: RowTrouble | null
  /** Whether the folder exists. */
  readonly exists: boolean
  /** Whether `keg NAME start` works. */
  readonly isCommand: boolean
}

/**
 * All links, by name; updates the taps' commands if needed.
 * @throws what readUserConfiguration and withLock throw
 */
export async function listTaps(
  work: Pick<Work, 'environment' | 'notice' | 'signal'>,
  {program}: RefreshOptions,
): Promise<readonly ListedTap[]> {
  const {environment, notice} = work
  const state = await refreshTapCommands(work, {program})
  const configuration = await readUserConfiguration(environment)
  const {taps} = configuration
  const note = state === 'renewed' ? "The taps' commands were repaired." : commandsNote(state, program)
  if (note !== undefined && taps.size > 0) notice(note)
  const listed = [...taps].map(async ([name, {path}]): Promise<ListedTap> => {
    const isFree = canBeCommand(name, program)
    if (!isFree)
      notice(`${name} is also a command of keg, which hides the tap's. Use: ${commandLine`keg tap start ${name}`}`)
    const exists = await isFolder(path)
    const branch = exists ? await orTrouble(readCheckedOutBranch(path, {environment})) : {}
    return {
      name,
      path,
      branch: branch.value ?? null,
      trouble: branch.trouble ?? null,
      exists,
      isCommand: isFree && (state === 'current' || state === 'renewed'),
    }
  })
  const invalid = invalidTaps(configuration).map(({name, trouble}): ListedTap => {
    return {name, path: null, branch: null, trouble, exists: false, isCommand: false}
  })
  return [...(await Promise.all(listed)), ...invalid].sort((one, other) => (one.name < other.name ? -1 : 1))
}
