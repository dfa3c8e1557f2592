import {readUserConfiguration} from '../../config/user-configuration.js'
import {readCheckedOutBranch} from '../../git/checked-out-branch.js'
import {canBeCommand, commandsNote, refreshTapCommands, type RefreshOptions} from '../plugin/refresh-tap-commands.js'
import {isFolder} from './linked-folder.js'

export interface ListTapsOptions extends RefreshOptions {
  readonly say: (line: string) => void
}

/** A link, as it is now. */
export interface ListedTap {
  readonly name: string
  readonly path: string
  /** The branch checked out there, or the tag of the commit; null without git. */
  readonly branch: string | null
  /** Whether the folder is there. */
  readonly exists: boolean
  /** Whether `keg NAME start` works. */
  readonly isCommand: boolean
}

/**
 * All links, by name; the taps' commands are made anew where they are not as they have to be.
 * @throws what readUserConfiguration, inTurn and readHead throw
 */
export async function listTaps({say, ...options}: ListTapsOptions): Promise<readonly ListedTap[]> {
  const {environment, program} = options
  const state = await refreshTapCommands(options)
  const {taps} = await readUserConfiguration(environment)
  const note = state === 'renewed' ? "The taps' commands have been made anew." : commandsNote(state, program)
  if (note !== undefined && taps.size > 0) say(note)
  const listed = [...taps].map(async ([name, {path}]): Promise<ListedTap> => {
    const isFree = canBeCommand(name, program)
    if (!isFree) say(`${name} is a command of keg too, which hides the tap's: say keg tap start ${name}`)
    const exists = await isFolder(path)
    const branch = exists ? await readCheckedOutBranch(path, {environment}) : undefined
    return {
      name,
      path,
      branch: branch ?? null,
      exists,
      isCommand: isFree && (state === 'current' || state === 'renewed'),
    }
  })
  return (await Promise.all(listed)).sort((one, other) => (one.name < other.name ? -1 : 1))
}
