import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {unlinkText} from '../../lib/tap/link/link-text.js'
import {unlinkTap, type UnlinkedTap} from '../../lib/tap/link/change/unlink-tap.js'

export default class TapUnlink extends KegCommand {
  static override args = {
    link: Args.string({description: "Name of the link, or its folder (default: this folder's).", ignoreStdin: true}),
  }
  static override description = [
    'The folder stays as it is, and so does what runs of the tap:',
    'end that before with keg tap destroy. A folder that is gone can be unlinked, too.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {command: '<%= config.bin %> <%= command.id %> ~/code/shop --yes', description: 'By its folder, without asking.'},
  ]
  static override flags = {'dry-run': Flags.boolean({description: 'Only say what would be unlinked.'})}
  static override hiddenAliases = ['tap:ul', 'tap:remove', 'tap:rm']
  static override summary = 'Forget a link and its commands.'

  async run(): Promise<UnlinkedTap> {
    const {args, flags} = await this.parse(TapUnlink)
    const unlinked = await unlinkTap({
      link: args.link,
      dryRun: flags['dry-run'],
      folder: process.cwd(),
      environment: this.environment(flags),
      program: tapProgram(this.config),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    this.log(flags.quiet ? unlinked.name : unlinkText(unlinked))
    return unlinked
  }
}
