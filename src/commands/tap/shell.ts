import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {TapExecCommand} from '../../lib/command/tap-exec-command.js'
import {splitCommand} from '../../lib/package/run/split-command.js'
import {runInTap, type InTapResult} from '../../lib/tap/exec/run-in-tap.js'

export default class TapShell extends TapExecCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'It is bash where the container has it, else sh, in the folder where the container works. Without a terminal it reads what it',
    'is to do from standard input. A command after -- takes its place. The exit code is its own.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %> shop', description: 'Work in the container of the tap shop.'},
    {command: '<%= config.bin %> <%= command.id %> shop --user root', description: 'The same as root.'},
    {
      command: '<%= config.bin %> <%= command.id %> shop < setup.sh',
      description: 'Run a script of this machine there.',
    },
  ]
  static override flags = {...TapExecCommand.flags}
  static override hiddenAliases = ['tap:attach', 'tap:att']
  static override summary = "Open a shell in a tap's container."

  async run(): Promise<InTapResult> {
    const {before, command} = splitCommand(this.argv)
    const {args, flags} = await this.parse(TapShell, before)
    const options = {...this.inTap(args.tap, flags), detach: false, dryRun: false, variables: []}
    const result = await runInTap(command, options)
    process.exitCode = result.exitCode ?? 0
    return result
  }
}
