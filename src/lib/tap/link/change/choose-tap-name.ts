import {basename} from 'node:path'
import type {Questions} from '../../../command/ask.js'
import {refuseReserved} from './reserved-names.js'
import {checkTapName, cleanTapName, isTapName} from '../tap-name.js'

export interface ChooseTapNameOptions {
  /** `--name`. */
  readonly given: string | undefined
  /** What the tap calls itself. */
  readonly alias: string | undefined
  readonly folder: string
  /** Names that cannot be a tap's. */
  readonly reserved: ReadonlySet<string>
  readonly questions: Questions
}

/**
 * The name for a link: the one that is given, else what the tap calls itself, else its folder's, made fit for one. Where that
 * cannot be, it is asked for.
 * @throws UsageError `tap-name-invalid`, `tap-name-reserved`, `input-missing`
 */
export async function chooseTapName(options: ChooseTapNameOptions): Promise<string> {
  const {alias, folder, given, questions, reserved} = options
  const name = given ?? (alias === undefined ? undefined : cleanTapName(alias)) ?? cleanTapName(basename(folder))
  if (given !== undefined) checkTapName(given)
  if (name !== undefined && (!reserved.has(name) || given !== undefined || !questions.possible)) {
    refuseReserved(name, reserved)
    return name
  }
  const reason = name === undefined ? '' : ` (${name} is a word of keg's own)`
  const isFree = (answer: string): boolean => isTapName(answer) && !reserved.has(answer)
  return questions.text(`Name of the tap${reason}`, {
    flag: '--name',
    validate: (answer) =>
      isFree(answer) || 'Lower case letters, digits and dashes, a letter first, and no word of keg.',
  })
}
