import {realpath} from 'node:fs/promises'
import {changeUserConfiguration} from '../../../config/change-configuration.js'
import {readUserConfiguration} from '../../../config/user-configuration.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {commandLine} from '../../../terminal/command-line.js'
import {count, printable} from '../../../terminal/text.js'
import {readTapFolder} from '../../tap-folder.js'
import {canBeCommand, commandsNote, refreshTapCommands} from '../../plugin/refresh-tap-commands.js'
import type {TapProgram} from '../../plugin/tap-program.js'
import {chooseTapName} from './choose-tap-name.js'
import {findCounterparts} from '../worktree-folder.js'
import {absolutePath, linkableFolder} from '../linkable-folder.js'
import {isFolder} from '../linked-folder.js'
import {reservedNames} from '../reserved-names.js'
import {refuseInvalid, type UserConfiguration} from '../../../config/model.js'
import type {Work} from '../../../work/work.js'

export interface LinkTapOptions {
  /** The folder to link; undefined for the current folder. */
  readonly path: string | undefined
  /** `--name`. */
  readonly name: string | undefined
  /** Whether to take the name from another folder. */
  readonly force: boolean
  readonly dryRun: boolean
  readonly program: TapProgram
}

/** The result of a link. */
export interface LinkTapResult {
  /** Name of the tap. */
  readonly name: string
  /** The folder, as a real path. */
  readonly path: string
  /** `moved`: the name was another folder's before; `worktree`: it needs no link, because it is a worktree of a linked tap. */
  readonly outcome: 'linked' | 'moved' | 'unchanged' | 'worktree'
  /** The folder that the name linked before. */
  readonly before: string | null
  /** Whether `keg NAME start` works. */
  readonly isCommand: boolean
  /** Whether nothing was changed. */
  readonly dryRun: boolean
}

/**
 * Links a folder: adds its name and path to the user configuration, and makes the tap a command. The folder itself is not
 * changed.
 * @throws UsageError `tap-path-missing`, `tap-container-missing`, `tap-name-invalid`, `tap-name-reserved`, `tap-name-taken`,
 * `input-missing`, `configuration-invalid` if the name has an invalid record; FailedError `cancelled`; what readTapFolder
 * and changeUserConfiguration throw
 */
export async function linkTap(work: Work, options: LinkTapOptions): Promise<LinkTapResult> {
  const {environment, prompt, notice, signal} = work
  const {dryRun, program} = options
  const path = await linkableFolder(absolutePath(options.path ?? '.', work.folder, environment))
  const {alias, problems} = await readTapFolder(path, 'local')
  const reserved = reservedNames(program)
  const name = await chooseTapName(work, {given: options.name, alias, folder: path, reserved})
  const configuration = await readUserConfiguration(environment)
  const {taps} = configuration
  // Only its author knows what an invalid record means.
  refuseInvalid(configuration, `taps.${name}`)
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
    if (!dryRun && !(await prompt.confirm(question, {flag: '--force'}))) throw cancelled()
  }
  for (const [other, {path: folder}] of taps)
    if (other !== name && folder === path)
      notice(`The folder is linked as ${other} too. In the folder itself, that name is used.`)
  const errors = problems.filter(({severity}) => severity === 'error').length
  if (errors > 0) notice(`${count(errors, 'error')} in its files: see ${commandLine`keg tap validate ${name}`}`)
  const outcome = isSame ? 'unchanged' : isMove ? 'moved' : 'linked'
  if (dryRun) return {...result, outcome}

  if (!isSame) {
    await changeUserConfiguration({environment, signal}, {}, (document, configuration) => {
      refuseInvalid(configuration, `taps.${name}`)
      refuseOther(name, {before, path}, configuration)
      document.setIn(['taps', name, 'path'], path)
    })
  }
  const state = await refreshTapCommands(work, {program})
  const note = commandsNote(state, program, name)
  if (note !== undefined) notice(note)
  return {...result, outcome, isCommand: isCommand && note === undefined}
}

/** Somebody else may have linked the name since the check. */
function refuseOther(
  name: string,
  {before, path}: {readonly before: string | undefined; readonly path: string},
  {taps}: UserConfiguration,
): void {
  const now = taps.get(name)?.path
  if (now === before || now === path) return
  throw new UsageError(`The name ${name} has just been linked to ${printable(now ?? 'no folder')}.`, {
    code: 'tap-name-taken',
    hint: 'Run it again, or choose another name with --name.',
  })
}

function cancelled(): FailedError {
  return new FailedError('Nothing was changed.', {code: 'cancelled', hint: 'Use --name for another name.'})
}
