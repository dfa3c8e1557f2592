import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {containerNames, stopText} from '../../lib/tap/life/life-text.js'
import {stopTap} from '../../lib/tap/life/stop-tap.js'

export default class TapStop extends KegCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'The last edits are synced, the syncs are paused, and the containers of this folder and branch are stopped. Nothing is',
    'removed: keg tap restart starts it again.',
  ].join(' ')
  static override examples = ['<%= config.bin %> <%= command.id %> shop', '<%= config.bin %> <%= command.id %> --all']
  static override flags = {
    all: Flags.boolean({
      char: 'a',
      description: 'Stop the containers of all branches of the folder, but not those of other worktrees.',
    }),
    'dry-run': Flags.boolean({description: 'Only show what would be done.'}),
  }
  static override hiddenAliases = ['tap:halt']
  static override summary = 'Stop a tap: its syncs and its containers.'

  async run(): Promise<Answers['tap:stop']> {
    const {args, flags} = await this.parse(TapStop)
    const {failure, result} = await stopTap(this.work(flags), {
      name: args.tap,
      all: flags.all,
      dryRun: flags['dry-run'],
    })
    const text = flags.quiet ? containerNames(result.containers) : stopText(result)
    if (text !== '') this.log(text)
    if (failure !== undefined) throw failure
    return result
  }
}
