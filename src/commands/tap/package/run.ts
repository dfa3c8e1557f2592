import * as Args from '@oclif/core/args'
import {PackageRunCommand} from '../../../lib/command/package-run-command.js'
import {TAP_ARGUMENT, TapCommand} from '../../../lib/command/tap-command.js'
import {splitCommand} from '../../../lib/package/run/split-command.js'
import {runTapPackage} from '../../../lib/tap/package/run-tap-package.js'

export default class TapPackageRun extends PackageRunCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    reference: Args.string({
      description: "Reference; a short name, such as shop:feature-x, is in the tap's registry. Or the path of a file.",
      ignoreStdin: true,
    }),
  }
  static override description = 'Everything else works as in keg docker package run.'
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop shop:feature-x',
      description: 'Run the package of the tap shop that was made on the branch feature-x.',
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
    process.exitCode = await runTapPackage(this.work(flags), {
      ...this.runPackageOptions([], command, flags),
      words: argv.map(String),
      environmentName: flags.environment,
    })
  }
}
