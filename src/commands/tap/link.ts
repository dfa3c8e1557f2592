import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {linkTap, type LinkedTap} from '../../lib/tap/link/change/link-tap.js'
import {linkText} from '../../lib/tap/link/link-text.js'

export default class TapLink extends KegCommand {
  static override args = {
    path: Args.string({
      description: "The tap's folder, which has container/ or a Dockerfile (default: this one).",
      ignoreStdin: true,
    }),
  }
  static override description = [
    'The name is a command from then on: keg shop start is keg tap start shop. Without --name it is what the tap calls itself in',
    'tap.json, package.json and the like, or else the name of its folder. Worktrees of its repository are the same tap, each with',
    'its own containers, and need no link. A folder may have several names: in it, the first of the list counts.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: 'Link the current folder.'},
    {command: '<%= config.bin %> <%= command.id %> ~/code/shop --name shop', description: 'Link it as shop.'},
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only say what would be linked.'}),
    force: Flags.boolean({char: 'f', description: 'Take the name away from another folder.'}),
    name: Flags.string({char: 'n', description: 'Lower case letters, digits and dashes.', helpValue: 'NAME'}),
  }
  static override hiddenAliases = ['tap:ln']
  static override summary = 'Link a folder by a name, which is a command from then on.'

  async run(): Promise<LinkedTap> {
    const {args, flags} = await this.parse(TapLink)
    const linked = await linkTap({
      path: args.path,
      name: flags.name,
      force: flags.force,
      dryRun: flags['dry-run'],
      folder: process.cwd(),
      environment: this.environment(flags),
      program: tapProgram(this.config),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    this.log(flags.quiet ? linked.name : linkText(linked))
    return linked
  }
}
