import * as Args from '@oclif/core/args'
import {PackageRunCommand} from '../../../lib/command/package-run-command.js'
import {TAP_ARGUMENT, TapCommand} from '../../../lib/command/tap-command.js'
import {splitCommand} from '../../../lib/package/run/split-command.js'
import {runTapPackage} from '../../../lib/tap/package/run-tap-package.js'

export default class TapPackageRun extends PackageRunCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    reference: Args.string({
      description: "Reference; a short name, such as shop:feature-x, is of the tap's registry.",
      ignoreStdin: true,
    }),
  }
  static override description = 'All else is as in keg docker package run.'
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop shop:feature-x',
      description: 'Run what was packaged of the tap shop on the branch feature-x.',
    },
    '<%= config.bin %> <%= command.id %> shop shop:feature-x --detach --publish 9090:8080',
  ]
  static override flags = {...TapCommand.flags, ...PackageRunCommand.flags}
  static override hiddenAliases = ['tap:package:rn']
  static override strict = false
  static override summary = 'Run a package of a tap.'

  async run(): Promise<void> {
    const {before, command} = splitCommand(this.argv)
    const {argv, flags} = await this.parse(TapPackageRun, before)
    process.exitCode = await runTapPackage({
      ...this.running([], command, flags),
      words: argv.map(String),
      folder: process.cwd(),
      environmentName: flags.environment,
    })
  }
}
