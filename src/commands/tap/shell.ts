import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {TapExecCommand} from '../../lib/command/tap-exec-command.js'
import {splitCommand} from '../../lib/package/run/split-command.js'
import {runInTap} from '../../lib/tap/exec/run-in-tap.js'

export default class TapShell extends TapExecCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Runs bash if the container has it, else sh, in the working directory of the container. Without a terminal, the shell reads',
    'its commands from standard input. A command after -- is run instead. The exit code is that of the shell or the command.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop',
      description: 'Open a shell in the container of the tap shop.',
    },
    {command: '<%= config.bin %> <%= command.id %> shop --user root', description: 'The same as root.'},
    {
      command: '<%= config.bin %> <%= command.id %> shop < setup.sh',
      description: 'Run a local script in it.',
    },
  ]
  static override flags = {...TapExecCommand.flags}
  static override hiddenAliases = ['tap:attach', 'tap:att']
  static override summary = "Open a shell in a tap's container."

  async run(): Promise<Answers['tap:shell']> {
    const {before, command} = splitCommand(this.argv)
    const {args, flags} = await this.parse(TapShell, before)
    const options = {...this.inTap(args.tap, flags), detach: false, dryRun: false, variables: []}
    const result = await runInTap(this.work(flags), {...options, command})
    process.exitCode = result.exitCode ?? 0
    return result
  }
}
