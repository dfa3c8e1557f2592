import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {SERVICE_FLAG} from '../../lib/command/tap-exec-command.js'
import {showTapLogs} from '../../lib/tap/exec/tap-logs.js'

export default class TapLogs extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    "Shows the output of the container's own program, and of what keg ran in it: the tap's command and its actions. keg keeps",
    'the last 1 MB of these on this machine, each after a line that says what was run. Shells and your own commands are not',
    'logged.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop --follow --tail 100',
      description: 'Show the last lines, and follow the log.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --service store --since 10m',
      description: 'Show the log of another service.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    ...SERVICE_FLAG,
    follow: Flags.boolean({char: 'f', default: false, description: 'Follow the log until Ctrl-C.'}),
    since: Flags.string({
      description: 'Only show what was printed since then: 10m, 2026-01-31T12:00:00Z.',
      helpValue: 'TIME',
    }),
    tail: Flags.integer({char: 'n', description: 'Number of lines to show from the end.', helpValue: 'LINES', min: 0}),
    timestamps: Flags.boolean({char: 't', description: 'Show the time of each line.'}),
  }
  static override hiddenAliases = ['tap:log', 'tap:lg']
  static override summary = "Show the logs of a tap's container."

  async run(): Promise<Answers['tap:logs']> {
    const {args, flags} = await this.parse(TapLogs)
    const {stderr} = process
    const result = await showTapLogs(this.work(flags), {
      ...flags,
      ...this.tapOptions(args.tap, flags),
      streams: {stdout: this.jsonEnabled() ? stderr : process.stdout, stderr},
    })
    process.exitCode = result.exitCode
    return result
  }
}
