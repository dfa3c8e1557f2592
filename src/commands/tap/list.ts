import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {linkTable} from '../../lib/tap/link/link-text.js'
import {listTaps, type ListedTap} from '../../lib/tap/link/list-taps.js'

export default class TapList extends KegCommand {
  static override args = {}
  static override description = 'It also makes the commands of the taps anew, where they are not as they have to be.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']
  static override hiddenAliases = ['tap:ls']
  static override summary = 'List the linked taps, with the branch checked out in each.'

  async run(): Promise<readonly ListedTap[]> {
    const {flags} = await this.parse(TapList)
    const taps = await listTaps({
      environment: this.environment(flags),
      program: tapProgram(this.config),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    const width = process.stdout.isTTY ? process.stdout.columns : undefined
    if (taps.length === 0) this.tell(flags, 'No tap is linked yet. Link one with: keg tap link PATH')
    else this.log(flags.quiet ? taps.map(({name}) => name).join('\n') : linkTable(taps, width))
    return taps
  }
}
