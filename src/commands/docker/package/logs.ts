import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../../lib/command/answers.js'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {showPackageLogs} from '../../../lib/package/started/show-logs.js'

export default class DockerPackageLogs extends KegCommand {
  static override args = {
    name: Args.string({
      description: 'Name of a container or compose project that keg docker package run started.',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Of a compose project, the logs of all containers are shown, each line after the name of its container. With --json, they go to',
    'standard error.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> keg-shop-feature_x',
    {
      command: '<%= config.bin %> <%= command.id %> keg-shop-feature_x --follow --tail 100',
      description: 'Show the last lines, and follow the logs.',
    },
  ]
  static override flags = {
    follow: Flags.boolean({char: 'f', default: false, description: 'Follow the logs until Ctrl-C.'}),
    tail: Flags.integer({
      char: 'n',
      description: 'Number of lines to show from the end, of each container.',
      helpValue: 'LINES',
      min: 0,
    }),
  }
  static override hiddenAliases = ['dpg:logs']
  static override summary = 'Show the logs of what was started from a package.'

  async run(): Promise<Answers['docker:package:logs']> {
    const {args, flags} = await this.parse(DockerPackageLogs)
    const {stderr} = process
    const output = {stdout: this.jsonEnabled() ? stderr : process.stdout, stderr}
    const {follow, tail} = flags
    const result = await showPackageLogs(this.work(flags), {name: args.name, follow, tail, output})
    process.exitCode = result.exitCode
    return result
  }
}
