import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {readStatus} from '../../lib/tap/status/read-status.js'
import {overviewTable, statusText} from '../../lib/tap/status/status-text.js'
import type {TapStatus} from '../../lib/tap/status/tap-status.js'
import type {TapOverview} from '../../lib/tap/status/taps-overview.js'

export default class TapStatusCommand extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Containers with their state, health, address and image, the syncs into them with their troubles, containers of other branches',
    'and of other folders. No registry is asked for a newer image. In a folder of no tap it shows all of them in short.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {command: '<%= config.bin %> <%= command.id %> --all', description: 'All linked taps in short.'},
    '<%= config.bin %> <%= command.id %> shop --json',
  ]
  static override flags = {
    ...TapCommand.flags,
    all: Flags.boolean({char: 'a', description: 'All linked taps in short.'}),
  }
  static override summary = 'Show what runs for a tap, and how its syncs are.'

  async run(): Promise<TapStatus | TapOverview[]> {
    const {args, flags} = await this.parse(TapStatusCommand)
    const status = await readStatus({
      ...this.tapOptions(args.tap, flags),
      all: flags.all,
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    const width = process.stdout.isTTY ? process.stdout.columns : undefined
    if (!Array.isArray(status)) {
      const names = status.containers.filter(({current}) => current).map(({name}) => name)
      this.log(flags.quiet ? names.join('\n') : statusText(status, {now: Date.now(), width}))
    } else if (status.length === 0) this.tell(flags, 'No tap is linked yet. Link one with: keg tap link PATH')
    else this.log(flags.quiet ? status.map(({tap}) => tap).join('\n') : overviewTable(status, width))
    return status
  }
}
