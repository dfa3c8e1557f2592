import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {stoppedText, stopPackages} from '../../../lib/package/started/stop-packages.js'

export default class DockerPackageStop extends KegCommand {
  static override args = {
    names: Args.string({
      description: 'Names of the containers or compose projects that keg docker package run started.',
      ignoreStdin: true,
      multiple: true,
    }),
  }
  static override description = [
    'Containers have ten seconds to end by themselves. The networks and volumes of a compose project go with it, and so does what was',
    'changed in them. The images stay in the engine.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> keg-shop-feature_x',
    {command: '<%= config.bin %> <%= command.id %> keg-shop-feature_x --dry-run', description: 'Only show what it is.'},
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be stopped and removed.'}),
  }
  static override hiddenAliases = ['dpg:stop']
  static override summary = 'Stop what was started from packages, and remove it.'

  async run(): Promise<Answers['docker:package:stop']> {
    const {args, flags} = await this.parse(DockerPackageStop)
    const stopped = await stopPackages(this.work(flags), {names: args.names ?? [], dryRun: flags['dry-run']})
    this.log(stoppedText(stopped, flags))
    return stopped
  }
}
