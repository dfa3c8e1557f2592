import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {removePackages} from '../../../lib/package/remove/remove-packages.js'
import {removedText} from '../../../lib/package/remove/removed-text.js'

export default class DockerPackageRemove extends KegCommand {
  static override args = {
    references: Args.string({
      description: 'Names and tags of packages in the engine.',
      ignoreStdin: true,
      multiple: true,
    }),
  }
  static override description = [
    'With its last name, the image itself is removed. keg first checks all of them: nothing is removed if one is not a package, or is',
    'the image of a container and has no other name. What is in a registry stays there.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> ghcr.io/acme/shop:feature-x',
    {command: '<%= config.bin %> <%= command.id %> shop:old --dry-run', description: 'Only check it.'},
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be removed.'}),
  }
  static override hiddenAliases = ['docker:package:rm', 'dpg:remove', 'dpg:rm']
  static override summary = 'Remove packages from the engine.'

  async run(): Promise<Answers['docker:package:remove']> {
    const {args, flags} = await this.parse(DockerPackageRemove)
    const removed = await removePackages(this.work(flags), {
      references: args.references ?? [],
      dryRun: flags['dry-run'],
    })
    const text = removedText(removed, flags)
    if (text !== '') this.log(text)
    return removed
  }
}
