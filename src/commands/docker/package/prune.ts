import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {prunePackages} from '../../../lib/package/remove/remove-packages.js'
import {removedText} from '../../../lib/package/remove/removed-text.js'
import {parseAge} from '../../../lib/terminal/duration.js'

export default class DockerPackagePrune extends KegCommand {
  static override args = {
    name: Args.string({
      description: 'Name of the packages, or the end of it (shop for ghcr.io/acme/shop) (default: all).',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Shows them, and asks. With both --keep and --older-than, a package must be old and not among the newest. One whose containers still',
    'exist is kept, and so is what is in a registry. A package that does not say when it was made is not old for --older-than.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> --keep 3',
      description: 'Keep the newest three packages of each name.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --keep 1 --older-than 30d --yes',
      description: 'Remove what is older than 30 days, but not the newest package, without asking.',
    },
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be removed.'}),
    keep: Flags.integer({description: 'Keep so many packages of each name, the newest.', helpValue: 'NUMBER', min: 0}),
    'older-than': Flags.string({description: 'Remove only what is older, such as 12h, 30d or 2w.', helpValue: 'AGE'}),
  }
  static override hiddenAliases = ['dpg:prune']
  static override summary = 'Remove old packages from the engine.'

  async run(): Promise<Answers['docker:package:prune']> {
    const {args, flags} = await this.parse(DockerPackagePrune)
    const {'dry-run': dryRun, keep, 'older-than': age} = flags
    const removed = await prunePackages(this.work(flags), {
      name: args.name,
      keep,
      olderThanMilliseconds: age === undefined ? undefined : parseAge(age, '--older-than'),
      dryRun,
    })
    const text = removedText(removed, flags)
    if (text !== '') this.log(text)
    return removed
  }
}
