import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {destroyTap} from '../../lib/tap/life/destroy-tap.js'
import {containerNames, destroyText} from '../../lib/tap/life/life-text.js'

export default class TapDestroy extends KegCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Ends the syncs of this folder and branch, and removes its containers with their anonymous volumes, and their networks.',
    'Named volumes, such as that of a database, are kept unless --volumes is given. The files of the folder, its link, and',
    'everything that does not belong to the tap are kept. keg shows what would be removed, and asks.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> shop --all --volumes --yes',
      description: 'Remove everything of all its branches, data included, without asking.',
    },
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]
  static override flags = {
    all: Flags.boolean({
      char: 'a',
      description: 'Remove what belongs to any branch of the folder, but not to other worktrees.',
    }),
    'dry-run': Flags.boolean({description: 'Only show what would be removed.'}),
    image: Flags.boolean({description: 'Also remove the image of its container, unless another container uses it.'}),
    volumes: Flags.boolean({description: 'Also remove its named volumes, and the data in them.'}),
  }
  static override hiddenAliases = ['tap:down']
  static override summary = "Remove a tap's containers, networks and syncs."

  async run(): Promise<Answers['tap:destroy']> {
    const {args, flags} = await this.parse(TapDestroy)
    const dryRun = flags['dry-run']
    const {failure, result} = await destroyTap(this.work(flags), {...flags, name: args.tap, dryRun})
    const text = flags.quiet ? containerNames(result.containers) : destroyText(result, {dryRun})
    if (text !== '') this.log(text)
    if (failure !== undefined) throw failure
    return result
  }
}
