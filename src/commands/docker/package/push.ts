import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {pushPackage} from '../../../lib/package/push-package.js'

export default class DockerPackagePush extends KegCommand {
  static override args = {
    reference: Args.string({description: 'Name and tag of the package in the engine.', ignoreStdin: true}),
  }
  static override description = [
    'For a package that was made with --no-push or --load, or whose push through the engine failed. keg first checks whether the',
    'registry accepts it, and asks before it moves a tag that belongs to another image.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> ghcr.io/acme/shop:feature-x',
    {
      command: '<%= config.bin %> <%= command.id %> ghcr.io/acme/shop:feature-x --dry-run',
      description: 'Only check the registry.',
    },
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only check whether the registry would accept it.'}),
    'replace-tag': Flags.boolean({
      description: 'Move a tag that belongs to the package of another container or branch, or to another image.',
    }),
  }
  static override hiddenAliases = ['dpg:push']
  static override summary = 'Push a package that is in the engine.'

  async run(): Promise<Answers['docker:package:push']> {
    const {args, flags} = await this.parse(DockerPackagePush)
    const result = await pushPackage(this.work(flags), {
      reference: args.reference,
      replaceTag: flags['replace-tag'],
      dryRun: flags['dry-run'],
    })
    const {pinned, reference, run} = result
    if (flags.quiet) this.log(pinned ?? reference)
    else if (pinned === null) this.log(`Nothing was changed. ${reference} would be pushed.`)
    else this.log(`Pushed ${pinned}\n\nA reviewer runs it with:\n  ${run}`)
    return result
  }
}
