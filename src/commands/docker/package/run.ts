import * as Args from '@oclif/core/args'
import {PackageRunCommand} from '../../../lib/command/package-run-command.js'
import {runPackage} from '../../../lib/package/run/run-package.js'
import {splitCommand} from '../../../lib/package/run/split-command.js'

export default class DockerPackageRun extends PackageRunCommand {
  static override args = {
    reference: Args.string({
      description: 'Reference, address of a registry or package page, or docker pull line.',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Exposed ports are published on 127.0.0.1, moved where taken. In the foreground its logs follow, Ctrl-C stops and removes',
    "it, and the exit code is the container's own. A command goes after --.",
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --detach --publish 9090:8080 --env MODE=review',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x -- ls -l /',
  ]
  static override flags = {...PackageRunCommand.flags}
  static override hiddenAliases = ['dpg:run']
  static override strict = false
  static override summary = 'Run a package, as the line in a pull request says.'

  async run(): Promise<void> {
    const {before, command} = splitCommand(this.argv)
    const {argv, flags} = await this.parse(DockerPackageRun, before)
    process.exitCode = await runPackage(this.running(argv, command, flags))
  }
}
