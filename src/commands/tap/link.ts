import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {linkTap} from '../../lib/tap-folder/link/change/link-tap.js'
import {linkText} from '../../lib/tap-folder/link/link-text.js'

export default class TapLink extends KegCommand {
  static override args = {
    path: Args.string({
      description: "The tap's folder, which has container/, a Dockerfile or a compose file (default: this one).",
      ignoreStdin: true,
    }),
  }
  static override description = [
    'The name becomes a command: keg shop start is keg tap start shop. The default name is the one in tap.json, package.json or',
    'a similar file, or else the name of the folder. Worktrees of its repository belong to the same tap, each with its own',
    'containers, and need no link. A folder can be linked under several names: in the folder itself, the first one in the list',
    'is used.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: 'Link the current folder.'},
    {command: '<%= config.bin %> <%= command.id %> ~/code/shop --name shop', description: 'Link it as shop.'},
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be linked.'}),
    force: Flags.boolean({char: 'f', description: 'Use the name even if another folder is linked under it.'}),
    name: Flags.string({char: 'n', description: 'Lower case letters, digits and dashes.', helpValue: 'NAME'}),
  }
  static override hiddenAliases = ['tap:ln']
  static override summary = 'Link a folder as a tap, and make its name a command.'

  async run(): Promise<Answers['tap:link']> {
    const {args, flags} = await this.parse(TapLink)
    const linked = await linkTap(this.work(flags), {
      path: args.path,
      name: flags.name,
      force: flags.force,
      dryRun: flags['dry-run'],
      program: tapProgram(this.config),
    })
    this.log(flags.quiet ? linked.name : linkText(linked))
    return linked
  }
}
