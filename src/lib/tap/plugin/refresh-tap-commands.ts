import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {replaceFile} from '../../config/file/replace-file.js'
import {inTurn} from '../../config/turn.js'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {pluginFiles, pluginStamp} from './plugin-files.js'
import {changedPluginList, pluginListFile, textIfThere} from './plugin-list.js'
import type {TapProgram} from './tap-program.js'

export interface RefreshOptions {
  readonly program: TapProgram
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/**
 * Whether the linked taps are commands: as they were, just made so, or not, because this program has no plugins of users (or
 * @keg/tap is not installed), or because the folder of data cannot be written.
 */
export type TapCommandsState = 'current' | 'impossible' | 'renewed' | 'unwritable'

/** One file that is not as it has to be; without a text it has to go. */
interface Change {
  readonly path: string
  readonly text: string | undefined
}

/**
 * Makes the linked taps commands, and those that are linked no more none: one plugin of oclif in the folder of data, that the
 * user's plugins are listed with. Whoever changed links calls it, and tells what {@link commandsNote} makes of what it returns; what
 * is so already is not written. Taps are within reach of `keg tap` without it, so that what is in its way is no error.
 * @throws what readUserConfiguration and inTurn throw
 */
export async function refreshTapCommands({program, ...turn}: RefreshOptions): Promise<TapCommandsState> {
  if (!program.takesPlugins || program.tapCommands === undefined) return 'impossible'
  const ahead = await neededChanges(program, turn.environment)
  if (ahead === undefined || ahead.length === 0) return ahead === undefined ? 'unwritable' : 'current'
  // The taps are read again, and nobody links another before the files are in their place.
  return inTurn('configuration', turn, async () => {
    const changes = await neededChanges(program, turn.environment)
    try {
      for (const {path, text} of changes ?? []) {
        turn.signal.throwIfAborted()
        if (text === undefined) await rm(path, {recursive: true})
        else await replaceFile(path, text)
      }
    } catch (error) {
      turn.signal.throwIfAborted()
      if (error instanceof Error) return 'unwritable'
      throw error
    }
    if (changes === undefined) return 'unwritable'
    return changes.length === 0 ? 'current' : 'renewed'
  })
}

/** What a person has to know of the state; undefined where all is as it ought to be. @param name of a tap, for the example */
export function commandsNote(state: TapCommandsState, {dataFolder}: TapProgram, name = 'NAME'): string | undefined {
  switch (state) {
    case 'current':
    case 'renewed':
      return undefined
    case 'impossible':
      return `This keg takes no plugins of users, so that taps are no commands: say keg tap start ${name}`
    case 'unwritable':
      return `${dataFolder} cannot be written, so that taps are no commands: say keg tap start ${name}`
  }
}

/**
 * Does the same where the plugin that this process has loaded was made by another keg. It never keeps a command from its work:
 * taps stay within reach of `keg tap`, and `keg tap list` says what is in the way.
 */
export async function renewTapCommands(options: RefreshOptions): Promise<void> {
  const {loadedStamp, takesPlugins, tapCommands} = options.program
  if (!takesPlugins || tapCommands === undefined || loadedStamp === pluginStamp(tapCommands)) return
  await refreshTapCommands(options).catch(() => undefined)
}

/** Whether a tap's name is free of other commands, so that it can be one. */
export function canBeCommand(name: string, {foreignIds}: Pick<TapProgram, 'foreignIds'>): boolean {
  return !foreignIds.some((id) => id === name || id.startsWith(`${name}:`))
}

/**
 * In the order in which they are made: what is listed is there, and what is removed is listed no more. Undefined where the files
 * that are there cannot be read.
 */
async function neededChanges(program: TapProgram, environment: NodeJS.ProcessEnv): Promise<Change[] | undefined> {
  const {taps} = await readUserConfiguration(environment)
  const wanted = new Map([...taps].filter(([name]) => canBeCommand(name, program)))
  const folder = join(program.dataFolder, 'linked-taps')
  const listFile = pluginListFile(program.dataFolder)
  try {
    const list = await textIfThere(listFile)
    const isWanted = wanted.size > 0
    const newList = list === undefined && !isWanted ? undefined : changedPluginList(list, isWanted ? folder : undefined)
    const listing = newList === undefined ? [] : [{path: listFile, text: newList}]
    if (!isWanted) {
      const isThere = (await textIfThere(join(folder, 'package.json'))) !== undefined
      return [...listing, ...(isThere ? [{path: folder, text: undefined}] : [])]
    }
    const files = pluginFiles(wanted, program.tapCommands ?? []).map((file) => ({
      ...file,
      path: join(folder, file.path),
    }))
    const texts = await Promise.all(files.map(({path}) => textIfThere(path)))
    return [...files.filter(({text}, index) => text !== texts[index]), ...listing]
  } catch {
    return undefined
  }
}
