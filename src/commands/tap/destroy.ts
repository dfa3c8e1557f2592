import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {destroyTap, type DestroyTapResult} from '../../lib/tap/life/destroy-tap.js'
import {containerNames, destroyText} from '../../lib/tap/life/life-text.js'

export default class TapDestroy extends KegCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Ends the syncs of this folder and branch, and removes its containers with their anonymous volumes, and their networks.',
    'No file of the folder is touched, nothing that is not of this tap, and the link stays. It shows all of it, and asks.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> shop --all --volumes --yes',
      description: 'Take away what all its branches have, data included, without being asked.',
    },
    '<%= config.bin %> <%= command.id %> --dry-run',
  ]
  static override flags = {
    all: Flags.boolean({char: 'a', description: "What all branches of the folder have; other worktrees' stays."}),
    'dry-run': Flags.boolean({description: 'Only say what would be removed.'}),
    image: Flags.boolean({description: 'Remove the image of its container, too, unless another one has it.'}),
    volumes: Flags.boolean({description: 'Remove its named volumes, too, with all that is in them.'}),
  }
  static override hiddenAliases = ['tap:down']
  static override summary = 'Take away what was started for a tap.'

  async run(): Promise<DestroyTapResult> {
    const {args, flags} = await this.parse(TapDestroy)
    const {failure, result} = await destroyTap({
      ...flags,
      name: args.tap,
      folder: process.cwd(),
      environment: this.environment(flags),
      dryRun: flags['dry-run'],
      progress: this.progress(flags),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    const text = flags.quiet ? containerNames(result.containers) : destroyText(result)
    if (text !== '') this.log(text)
    if (failure !== undefined) throw failure
    return result
  }
}
