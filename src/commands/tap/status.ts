import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {readStatus} from '../../lib/tap/status/read-status.js'
import {overviewTable, statusText} from '../../lib/tap/status/status-text.js'
import {commandLine} from '../../lib/terminal/command-line.js'
import {availableColumns} from '../../lib/terminal/columns.js'

export default class TapStatusCommand extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Shows the containers with their state, health, address and image, their syncs with any problems, and the containers of',
    'other branches and folders. It does not look for newer images. In a folder that belongs to no tap, it shows a summary of',
    'all taps.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {command: '<%= config.bin %> <%= command.id %> --all', description: 'Show a summary of all linked taps.'},
    '<%= config.bin %> <%= command.id %> shop --json',
  ]
  static override flags = {
    ...TapCommand.flags,
    all: Flags.boolean({char: 'a', description: 'Show a summary of all linked taps.'}),
  }
  static override summary = "Show a tap's containers and syncs."

  protected override readonly reportedInvalid = 'taps'

  async run(): Promise<Answers['tap:status']> {
    const {args, flags} = await this.parse(TapStatusCommand)
    const status = await readStatus(this.work(flags), {...this.tapOptions(args.tap, flags), all: flags.all})
    const width = availableColumns(process.stdout, process.env)
    if (!Array.isArray(status)) {
      const names = status.containers.filter(({current}) => current).map(({name}) => name)
      this.log(flags.quiet ? names.join('\n') : statusText(status, {now: Date.now(), width}))
    } else if (status.length === 0)
      this.notice(flags, `No tap is linked yet. Link one with: ${commandLine`keg tap link PATH`}`)
    else this.log(flags.quiet ? status.map(({tap}) => tap).join('\n') : overviewTable(status, width))
    return status
  }
}
