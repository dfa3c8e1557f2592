import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {SERVICE_FLAG} from '../../lib/command/tap-exec-command.js'
import {showTapLogs, type TapLogsResult} from '../../lib/tap/exec/tap-logs.js'

export default class TapLogs extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    "It is what the container's own program prints, and what keg tap start --detach started. What a start in the foreground, a shell or",
    'an action shows is in no log: the engine keeps nothing of what is run by exec.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop --follow --tail 100',
      description: 'Follow it from its last lines on.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --service store --since 10m',
      description: 'Of another service.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    ...SERVICE_FLAG,
    follow: Flags.boolean({char: 'f', default: false, description: 'Go on as more is printed, until Ctrl-C.'}),
    since: Flags.string({description: 'From then on: 10m, 2026-01-31T12:00:00Z.', helpValue: 'TIME'}),
    tail: Flags.integer({char: 'n', description: 'Only so many lines from the end.', helpValue: 'LINES', min: 0}),
    timestamps: Flags.boolean({char: 't', description: 'Each line with its time.'}),
  }
  static override hiddenAliases = ['tap:log', 'tap:lg']
  static override summary = "Show what a tap's container printed."

  async run(): Promise<TapLogsResult> {
    const {args, flags} = await this.parse(TapLogs)
    const {stderr} = process
    const result = await showTapLogs({
      ...flags,
      ...this.tapOptions(args.tap, flags),
      streams: {stdout: this.jsonEnabled() ? stderr : process.stdout, stderr},
      signal: this.signal,
    })
    process.exitCode = result.exitCode
    return result
  }
}
