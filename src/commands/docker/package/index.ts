import * as Args from '@oclif/core/args'
import {PackageCommand} from '../../../lib/command/package-command.js'
import {packageContainer} from '../../../lib/package/package-container.js'
import type {PackageResult} from '../../../lib/package/package-result.js'

export default class Package extends PackageCommand {
  static override args = {
    target: Args.string({
      description: 'Container, linked tap, service of this folder, or id; without, the container of this folder.',
      // In a loop over a list, that is not keg's to read.
      ignoreStdin: true,
    }),
  }
  static override description = [
    'The image holds exactly what the container holds: its changed files, its configuration and the contents of its mounts.',
    "It is tagged by the git branch of the container's folder and pushed where there is a registry.",
    'The container stands still only while it is read.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "Package this folder's container under its branch."},
    {
      command: '<%= config.bin %> <%= command.id %> shop --registry ghcr.io/acme -m "New checkout"',
      description: 'Package the container shop and push it to ghcr.io/acme.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --verify',
      description: 'Package it, and compare the image with the container file by file before anybody gets it.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop -t review --dry-run',
      description: 'Show what would be in it, how big it is and how it would be called.',
    },
  ]
  static override flags = {...PackageCommand.flags}
  static override hiddenAliases = ['dpg']
  static override summary = 'Make an image of a running container, its mounts included, and push it.'

  async run(): Promise<PackageResult> {
    const {args, flags, raw} = await this.parse(Package)
    const result = await packageContainer({...this.packaging(flags, raw), target: args.target})
    return this.finish(result, flags)
  }
}
