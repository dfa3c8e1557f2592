import {UsageError} from '../../error/keg-error.js'
import {takeTapName} from '../link/take-tap-name.js'

/** What stands on the command line of exec. */
export interface ExecWords {
  /** Undefined means the tap of the current folder. */
  readonly name: string | undefined
  readonly actions: readonly string[]
}

/**
 * Parts the words before `--`: a tap and actions. With a command behind it there is only a tap to be named, linked or not.
 * @throws UsageError `usage-invalid` for actions beside a command, and what reading the links does
 */
export async function readExecWords(
  words: readonly string[],
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ExecWords> {
  const {name, rest} = await takeTapName(words, environment)
  if (command.length === 0) return {name, actions: rest}
  if (words.length <= 1) return {name: words[0], actions: []}
  throw new UsageError('Actions and a command of your own cannot be run at once.', {
    code: 'usage-invalid',
    hint: 'Run the actions first, and then the command, which goes after --',
  })
}
