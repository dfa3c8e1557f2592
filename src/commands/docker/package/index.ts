import * as Args from '@oclif/core/args'
import type {Answers} from '../../../lib/command/answers.js'
import {PackageCommand} from '../../../lib/command/package-command.js'
import {packageContainer} from '../../../lib/package/package-container.js'

export default class Package extends PackageCommand {
  static override args = {
    target: Args.string({
      description:
        'Container, linked tap, service of this folder, or id (default: the container of this folder); with --project, also the name of a compose project.',
      // In a loop over a list, standard input is not for keg.
      ignoreStdin: true,
    }),
  }
  static override description = [
    'The image holds exactly what the container holds: its changed files, its configuration and the contents of its mounts. It',
    "is tagged with the git branch of the container's folder, and pushed if a registry is set. The container is paused only",
    'while it is read.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "Package this folder's container under its branch."},
    {
      command: '<%= config.bin %> <%= command.id %> shop --registry ghcr.io/acme -m "New checkout"',
      description: 'Package the container shop and push it to ghcr.io/acme.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --verify',
      description: 'Package it, and compare the image with the container file by file before it is tagged.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop -t review --output shop.tar',
      description: 'Write it to a file, for a reviewer without a registry.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> --project --registry ghcr.io/acme',
      description: "Package all services of this folder's compose project, with their data, as one.",
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop -t review --dry-run',
      description: 'Show what the package would hold, its size and its name.',
    },
  ]
  static override flags = {...PackageCommand.flags}
  static override hiddenAliases = ['dpg']
  static override summary = 'Make an image of a running container, its mounts included, and push it.'

  async run(): Promise<Answers['docker:package']> {
    const {args, flags, raw} = await this.parse(Package)
    const options = {...this.packageOptions(flags, raw), target: args.target}
    if (!flags.project) return this.printResult(await packageContainer(this.work(flags), options), flags)
    const {packageProject} = await import('../../../lib/package/project/package-project.js')
    const excludedServices = flags['exclude-service'] ?? []
    return this.printResult(await packageProject(this.work(flags), {...options, excludedServices}), flags)
  }
}
