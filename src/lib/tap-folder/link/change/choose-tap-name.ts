import {basename} from 'node:path'
import {refuseReserved} from '../reserved-names.js'
import {checkTapName, cleanTapName, isTapName} from '../../../reference/tap-name.js'
import type {Work} from '../../../work/work.js'

export interface ChooseTapNameOptions {
  /** `--name`. */
  readonly given: string | undefined
  /** The tap's alias from its files. */
  readonly alias: string | undefined
  readonly folder: string
  /** Names that a tap cannot have. */
  readonly reserved: ReadonlySet<string>
}

/**
 * The name of a link: the given one, or the tap's alias, or the folder's name, made valid. If that is not possible, asks.
 * @throws UsageError `tap-name-invalid`, `tap-name-reserved`, `input-missing`
 */
export async function chooseTapName(work: Pick<Work, 'prompt'>, options: ChooseTapNameOptions): Promise<string> {
  const {prompt} = work
  const {alias, folder, given, reserved} = options
  const name = given ?? (alias === undefined ? undefined : cleanTapName(alias)) ?? cleanTapName(basename(folder))
  if (given !== undefined) checkTapName(given)
  if (name !== undefined && (!reserved.has(name) || given !== undefined || !prompt.isInteractive)) {
    refuseReserved(name, reserved)
    return name
  }
  const reason = name === undefined ? '' : ` (${name} is a command of keg)`
  const isFree = (answer: string): boolean => isTapName(answer) && !reserved.has(answer)
  return prompt.text(`Name of the tap${reason}`, {
    flag: '--name',
    validate: (answer) =>
      isFree(answer) || 'Use lower case letters, digits and dashes, a letter first, and no command of keg.',
  })
}
