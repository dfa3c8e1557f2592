import {realpath} from 'node:fs/promises'
import type {Questions} from '../../../command/ask.js'
import {changeUserConfiguration} from '../../../config/change-configuration.js'
import {readUserConfiguration, type UserConfiguration} from '../../../config/user-configuration.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {count, printable} from '../../../terminal/text.js'
import {readTapFolder} from '../../folder/tap-folder.js'
import {canBeCommand, commandsNote, refreshTapCommands} from '../../plugin/refresh-tap-commands.js'
import type {TapProgram} from '../../plugin/tap-program.js'
import {chooseTapName} from './choose-tap-name.js'
import {findCounterparts} from '../counterpart.js'
import {absolutePath, linkableFolder} from './linkable-folder.js'
import {isFolder} from '../linked-folder.js'
import {reservedNames} from './reserved-names.js'

export interface LinkTapOptions {
  /** What to link; undefined for the current folder. */
  readonly path: string | undefined
  /** `--name`. */
  readonly name: string | undefined
  /** Whether a name that another folder has is taken from it. */
  readonly force: boolean
  readonly dryRun: boolean
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly program: TapProgram
  readonly questions: Questions
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What became of it. */
export interface LinkedTap {
  readonly name: string
  /** The folder, as a real path. */
  readonly path: string
  /** `moved` is one that was another folder's before; `worktree` needs no link, because it is one of a linked tap. */
  readonly outcome: 'linked' | 'moved' | 'unchanged' | 'worktree'
  /** Where the name led before. */
  readonly before: string | null
  /** Whether `keg NAME start` works. */
  readonly isCommand: boolean
  readonly dryRun: boolean
}

/**
 * Links a folder: keeps its name and path in the user configuration, and makes the tap a command. The folder itself is not touched.
 * @throws UsageError `tap-path-missing`, `tap-container-missing`, `tap-name-invalid`, `tap-name-reserved`, `tap-name-taken`,
 * `input-missing`; FailedError `cancelled`; what readTapFolder and changeUserConfiguration throw
 */
export async function linkTap(options: LinkTapOptions): Promise<LinkedTap> {
  const {dryRun, environment, program, questions, say, signal} = options
  const path = await linkableFolder(absolutePath(options.path ?? '.', options.folder, environment))
  const {alias, problems} = await readTapFolder(path, 'local')
  const reserved = reservedNames(program)
  const name = await chooseTapName({given: options.name, alias, folder: path, reserved, questions})
  const {taps} = await readUserConfiguration(environment)
  const before = taps.get(name)?.path
  const realBefore = before === undefined ? undefined : await realpath(before).catch(() => before)
  const isSame = realBefore === path
  const isMove = realBefore !== undefined && !isSame
  const isCommand = program.takesPlugins && program.tapCommands !== undefined && canBeCommand(name, program)
  const result = {name, path, before: before ?? null, isCommand, dryRun}

  if (isMove && !options.force && (await isFolder(realBefore))) {
    const [counterpart] = await findCounterparts([realBefore], path, environment)
    if (counterpart === path) return {...result, outcome: 'worktree'}
    const question = `The name ${name} is linked to ${realBefore}. Link it to ${path} instead?`
    if (!dryRun && !(await questions.confirm(question, {flag: '--force'}))) throw cancelled()
  }
  for (const [other, {path: folder}] of taps)
    if (other !== name && folder === path)
      say(`The folder is linked as ${other} too. In the folder itself, that name counts.`)
  const errors = problems.filter(({severity}) => severity === 'error').length
  if (errors > 0) say(`${count(errors, 'error')} in its files: see keg tap validate ${name}`)
  const outcome = isSame ? 'unchanged' : isMove ? 'moved' : 'linked'
  if (dryRun) return {...result, outcome}

  if (!isSame) {
    await changeUserConfiguration({environment, signal}, (document, configuration) => {
      refuseOther(name, {before, path}, configuration)
      document.setIn(['taps', name, 'path'], path)
    })
  }
  const state = await refreshTapCommands({program, environment, signal})
  const note = commandsNote(state, program, name)
  if (note !== undefined) say(note)
  return {...result, outcome, isCommand: isCommand && note === undefined}
}

/** Somebody else may have linked the name since it was looked at. */
function refuseOther(
  name: string,
  {before, path}: {readonly before: string | undefined; readonly path: string},
  {taps}: UserConfiguration,
): void {
  const now = taps.get(name)?.path
  if (now === before || now === path) return
  throw new UsageError(`The name ${name} has just been linked to ${printable(now ?? 'no folder any more')}.`, {
    code: 'tap-name-taken',
    hint: 'Run it again, or choose another name with --name.',
  })
}

function cancelled(): FailedError {
  return new FailedError('Nothing was changed.', {code: 'cancelled', hint: 'Another name is given with --name.'})
}
