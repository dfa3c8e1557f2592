import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {containerNames, stopText} from '../../lib/tap/life/life-text.js'
import {stopTap, type StopTapResult} from '../../lib/tap/life/stop-tap.js'

export default class TapStop extends KegCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'What was just edited is brought over, its syncs are paused, and the containers of this folder and branch are stopped.',
    'Nothing is removed: keg tap restart goes on.',
  ].join(' ')
  static override examples = ['<%= config.bin %> <%= command.id %> shop', '<%= config.bin %> <%= command.id %> --all']
  static override flags = {
    all: Flags.boolean({char: 'a', description: "Those of all branches of the folder; other worktrees' stay."}),
    'dry-run': Flags.boolean({description: 'Only say what would be done.'}),
  }
  static override hiddenAliases = ['tap:halt']
  static override summary = 'Stop a tap: its syncs and its containers.'

  async run(): Promise<StopTapResult> {
    const {args, flags} = await this.parse(TapStop)
    const {failure, result} = await stopTap({
      name: args.tap,
      folder: process.cwd(),
      environment: this.environment(flags),
      all: flags.all,
      dryRun: flags['dry-run'],
      progress: this.progress(flags),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    const text = flags.quiet ? containerNames(result.containers) : stopText(result)
    if (text !== '') this.log(text)
    if (failure !== undefined) throw failure
    return result
  }
}
