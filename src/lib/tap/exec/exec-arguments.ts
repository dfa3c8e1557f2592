import {UsageError} from '../../error/keg-error.js'
import {takeTapName} from '../../tap-folder/link/take-tap-name.js'

/** The words on the command line of exec. */
export interface ExecArguments {
  /** Undefined means the tap of the current folder. */
  readonly name: string | undefined
  readonly actions: readonly string[]
}

/**
 * Splits the words before `--` into a tap and actions. With a command after `--` there can only be a tap, linked or not.
 * @throws UsageError `usage-invalid` for actions together with a command, and what reading the links does
 */
export async function readExecArguments(
  args: readonly string[],
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ExecArguments> {
  const {name, rest} = await takeTapName(args, environment)
  if (command.length === 0) return {name, actions: rest}
  if (args.length <= 1) return {name: args[0], actions: []}
  throw new UsageError('Actions and a command of your own cannot be run at once.', {
    code: 'usage-invalid',
    hint: 'Run the actions first, and then the command, which goes after --',
  })
}
