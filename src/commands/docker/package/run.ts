import * as Args from '@oclif/core/args'
import {PackageRunCommand} from '../../../lib/command/package-run-command.js'
import {runPackage} from '../../../lib/package/run/run-package.js'
import {splitCommand} from '../../../lib/package/run/split-command.js'

export default class DockerPackageRun extends PackageRunCommand {
  static override args = {
    reference: Args.string({
      description: 'Reference, address of a registry or package page, docker pull line, or path of a package file.',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Exposed ports are published on 127.0.0.1, under another number if one is taken. In the foreground, keg follows the log,',
    'Ctrl-C stops and removes the container, and the exit code is that of the container. A command goes after --. A file is',
    'recognised by a slash or .tar in its path: ./shop is a file, shop is a reference.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --detach --publish 9090:8080 --env MODE=review',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x -- ls -l /',
    '<%= config.bin %> <%= command.id %> shop.tar',
  ]
  static override flags = {...PackageRunCommand.flags}
  static override hiddenAliases = ['dpg:run']
  static override strict = false
  static override summary = 'Run a package from the line in a pull request.'

  async run(): Promise<void> {
    const {before, command} = splitCommand(this.argv)
    const {argv, flags} = await this.parse(DockerPackageRun, before)
    process.exitCode = await runPackage(this.work(flags), this.runPackageOptions(argv, command, flags))
  }
}
