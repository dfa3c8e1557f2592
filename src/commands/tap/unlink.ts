import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {unlinkText} from '../../lib/tap-folder/link/link-text.js'
import {unlinkTap} from '../../lib/tap-folder/link/change/unlink-tap.js'

export default class TapUnlink extends KegCommand {
  static override args = {
    link: Args.string({description: "Name of the link, or its folder (default: this folder's).", ignoreStdin: true}),
  }
  static override description = [
    'The folder and the containers of the tap are kept: remove those first with keg tap destroy. keg tap link undoes it. A',
    'folder that no longer exists can be unlinked too.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {command: '<%= config.bin %> <%= command.id %> ~/code/shop', description: 'Unlink it by its folder.'},
  ]
  static override flags = {'dry-run': Flags.boolean({description: 'Only show what would be unlinked.'})}
  static override hiddenAliases = ['tap:ul', 'tap:remove', 'tap:rm']
  static override summary = 'Remove a link and its commands.'

  async run(): Promise<Answers['tap:unlink']> {
    const {args, flags} = await this.parse(TapUnlink)
    const unlinked = await unlinkTap(this.work(flags), {
      link: args.link,
      dryRun: flags['dry-run'],
      program: tapProgram(this.config),
    })
    this.log(flags.quiet ? unlinked.name : unlinkText(unlinked))
    return unlinked
  }
}
