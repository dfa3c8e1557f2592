import type {Hook} from '@oclif/core'

/**
 * Keeps keg's commands from reading arguments from standard input: oclif takes piped input for a missing argument, in a loop
 * over a list the rest of the list, in a git hook what git passes (oclif/core#1107). Other plugins are not affected.
 */
const prerun: Hook.Prerun = async function ({Command}) {
  if (Command.plugin?.type !== 'core') return Promise.resolve()
  for (const argument of Object.values(Command.args)) argument.ignoreStdin = true
}

export default prerun
