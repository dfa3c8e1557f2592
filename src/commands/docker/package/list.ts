import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {listPackages} from '../../../lib/package/list/list-packages.js'
import {packageTable} from '../../../lib/package/list/list-text.js'
import {availableColumns} from '../../../lib/terminal/columns.js'

export default class DockerPackageList extends KegCommand {
  static override args = {
    name: Args.string({
      description:
        'Name of the packages, or the end of it (shop for ghcr.io/acme/shop), perhaps with a tag (default: all).',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Newest first. A commit with + had uncommitted changes. With --remote, the tags of a repository are read from its registry,',
    'without pulling anything; sizes are then those of the compressed layers.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '<%= config.bin %> <%= command.id %> shop', description: 'List the packages of the app shop.'},
    {
      command: '<%= config.bin %> <%= command.id %> ghcr.io/acme/shop --remote',
      description: 'List what the registry has.',
    },
  ]
  static override flags = {
    remote: Flags.boolean({description: 'List the packages in the registry, not those in the engine.'}),
  }
  static override hiddenAliases = ['docker:package:ls', 'dpg:list', 'dpg:ls']
  static override summary = 'List packages in the engine or in a registry.'

  async run(): Promise<Answers['docker:package:list']> {
    const {args, flags} = await this.parse(DockerPackageList)
    const packages = await listPackages(this.work(flags), {name: args.name, isRemote: flags.remote})
    if (packages.length === 0) return packages
    const width = availableColumns(process.stdout, process.env)
    this.log(
      flags.quiet
        ? packages.map(({reference}) => reference).join('\n')
        : packageTable(packages, {now: new Date(), width}),
    )
    return packages
  }
}
