import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {replaceFile} from '../../config/file/replace-file.js'
import {KegError} from '../../error/keg-error.js'
import {withLock} from '../../lock/file-lock.js'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {pluginFiles, pluginStamp} from './plugin-files.js'
import {changedPluginList, pluginListFile, textIfThere} from './plugin-list.js'
import {commandLine} from '../../terminal/command-line.js'
import type {TapProgram} from './tap-program.js'
import type {Work} from '../../work/work.js'

export interface RefreshOptions {
  readonly program: TapProgram
}

/**
 * Whether the linked taps are commands: already, or since now; or not, because this program has no user plugins (or @keg/tap
 * is not installed), or because the data folder or keg's state folder cannot be written.
 */
export type TapCommandsState = 'current' | 'impossible' | 'renewed' | 'state-unwritable' | 'unwritable'

/** A file to change; without a text it is removed. */
interface Change {
  readonly path: string
  readonly text: string | undefined
}

/**
 * Makes the linked taps commands, and removes those of unlinked ones: one oclif plugin in the data folder, added to the
 * user's plugins. Called after links change; the caller shows the result with {@link commandsNote}. Writes nothing if it is
 * up to date. Taps also work as `keg tap`, so a failure is no error.
 * @throws what readUserConfiguration and withLock throw
 */
export async function refreshTapCommands(
  work: Pick<Work, 'environment' | 'signal'>,
  {program}: RefreshOptions,
): Promise<TapCommandsState> {
  if (!program.takesPlugins || program.tapCommands === undefined) return 'impossible'
  const expectedChanges = await neededChanges(program, work.environment)
  if (expectedChanges === undefined || expectedChanges.length === 0)
    return expectedChanges === undefined ? 'unwritable' : 'current'
  // The taps are read again under the lock, so that nobody links another before the files are written.
  const renewed = withLock(work, 'configuration', async () => {
    const changes = await neededChanges(program, work.environment)
    try {
      for (const {path, text} of changes ?? []) {
        work.signal.throwIfAborted()
        if (text === undefined) await rm(path, {recursive: true})
        else await replaceFile(path, text)
      }
    } catch (error) {
      work.signal.throwIfAborted()
      if (error instanceof Error) return 'unwritable'
      throw error
    }
    if (changes === undefined) return 'unwritable'
    return changes.length === 0 ? 'current' : 'renewed'
  })
  return renewed.catch((error: unknown) => {
    if (error instanceof KegError && error.code === 'state-unwritable') return error.code
    throw error
  })
}

/** What the user has to know about the state; undefined if it is fine. @param name of a tap, for the example */
export function commandsNote(state: TapCommandsState, {dataFolder}: TapProgram, name = 'NAME'): string | undefined {
  switch (state) {
    case 'current':
    case 'renewed':
      return undefined
    case 'impossible':
      return `User plugins are disabled, so the names of taps are not commands. Use: ${commandLine`keg tap start ${name}`}`
    case 'state-unwritable':
      return `keg cannot keep its state, so the names of taps are not commands. Use: ${commandLine`keg tap start ${name}`}`
    case 'unwritable':
      return `${dataFolder} cannot be written, so the names of taps are not commands. Use: ${commandLine`keg tap start ${name}`}`
  }
}

/**
 * Does the same if the plugin that this process loaded was made by another keg. Never makes a command fail: taps also work
 * as `keg tap`, and `keg tap list` shows the problem.
 */
export async function renewTapCommands(
  work: Pick<Work, 'environment' | 'signal'>,
  options: RefreshOptions,
): Promise<void> {
  const {loadedStamp, takesPlugins, tapCommands} = options.program
  if (!takesPlugins || tapCommands === undefined || loadedStamp === pluginStamp(tapCommands)) return
  await refreshTapCommands(work, options).catch(() => undefined)
}

/** Whether a tap's name is not that of another command. */
export function canBeCommand(name: string, {foreignIds}: Pick<TapProgram, 'foreignIds'>): boolean {
  return !foreignIds.some((id) => id === name || id.startsWith(`${name}:`))
}

/**
 * In order: files are written before they are listed, and removed after they are unlisted. Undefined if existing files
 * cannot be read.
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
