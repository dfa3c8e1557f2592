import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {PackageCommand} from '../../../lib/command/package-command.js'
import {TAP_ARGUMENT, TapCommand} from '../../../lib/command/tap-command.js'
import {SERVICE_FLAG} from '../../../lib/command/tap-exec-command.js'
import {packageTap} from '../../../lib/tap/package/package-tap.js'

export default class TapPackage extends PackageCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    "First runs the tap's action tap:build in it, if there is one. The image is named by IMAGE, or else like KEG_IMAGE_FROM,",
    'and is pushed to KEG_REGISTRY, or else to the registry of KEG_IMAGE_FROM. The image of another service is named',
    'IMAGE-SERVICE, and no action is run; that of all services together, with --project, IMAGE-project. Everything else works as in',
    'keg docker package.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop -m "New checkout"',
      description: 'Build and package the tap shop as it runs for the branch checked out, and push it.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --no-action --no-push',
      description: 'Package it as it is, for this machine only.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --project',
      description: 'Package all its services, with their data, as one.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --service store --dry-run',
      description: 'Show what a package of another service would hold.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    ...PackageCommand.flags,
    service: {...SERVICE_FLAG.service, exclusive: ['project']},
    action: Flags.boolean({allowNo: true, default: true, description: 'Run the action tap:build first.'}),
  }
  static override hiddenAliases = ['tap:pack', 'tap:pk']
  static override summary = "Make an image of a tap's container, after its action tap:build, and push it."

  async run(): Promise<Answers['tap:package']> {
    const {args, flags, raw} = await this.parse(TapPackage)
    const result = await packageTap(this.work(flags), {
      ...this.packageOptions(flags, raw),
      tapName: args.tap,
      environmentName: flags.environment,
      service: flags.service,
      action: flags.action,
      project: flags.project,
      excludedServices: flags['exclude-service'] ?? [],
      // The action's output is not keg's result.
      streams: {stdin: process.stdin, stdout: process.stderr, stderr: process.stderr},
    })
    return this.printResult(result, flags)
  }
}
