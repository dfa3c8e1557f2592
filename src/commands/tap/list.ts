import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {linkTable} from '../../lib/tap-folder/link/link-text.js'
import {listTaps} from '../../lib/tap-folder/link/list-taps.js'
import {commandLine} from '../../lib/terminal/command-line.js'
import {availableColumns} from '../../lib/terminal/columns.js'

export default class TapList extends KegCommand {
  static override args = {}
  static override description = 'Also repairs the commands of the taps if needed.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']
  static override hiddenAliases = ['tap:ls']
  static override summary = 'List the linked taps, with the branch checked out in each.'

  protected override readonly reportedInvalid = 'taps'

  async run(): Promise<Answers['tap:list']> {
    const {flags} = await this.parse(TapList)
    const taps = await listTaps(this.work(flags), {program: tapProgram(this.config)})
    const width = availableColumns(process.stdout, process.env)
    if (taps.length === 0) this.notice(flags, `No tap is linked yet. Link one with: ${commandLine`keg tap link PATH`}`)
    else this.log(flags.quiet ? taps.map(({name}) => name).join('\n') : linkTable(taps, width))
    return taps
  }
}
