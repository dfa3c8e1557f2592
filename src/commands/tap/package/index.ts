import * as Flags from '@oclif/core/flags'
import {PackageCommand} from '../../../lib/command/package-command.js'
import {TAP_ARGUMENT, TapCommand} from '../../../lib/command/tap-command.js'
import type {PackageResult} from '../../../lib/package/package-result.js'
import {packageTap} from '../../../lib/tap/package/package-tap.js'

export default class TapPackage extends PackageCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    "Before, the tap's action tap:build is run in it, where there is one. The image is called as the tap says (IMAGE, or the name of",
    'KEG_IMAGE_FROM), and goes to KEG_REGISTRY, or where KEG_IMAGE_FROM is. All else is as in keg docker package.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop -m "New checkout"',
      description: 'Build and package the tap shop as it runs for the branch checked out, and push it.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --no-action --no-push',
      description: 'Package it as it is, for this machine alone.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    ...PackageCommand.flags,
    action: Flags.boolean({allowNo: true, default: true, description: 'Run the action tap:build before.'}),
  }
  static override hiddenAliases = ['tap:pack', 'tap:pk']
  static override summary = "Make an image of a tap's container, after its action tap:build, and push it."

  async run(): Promise<PackageResult> {
    const {args, flags, raw} = await this.parse(TapPackage)
    const result = await packageTap({
      ...this.packaging(flags, raw),
      tapName: args.tap,
      environmentName: flags.environment,
      action: flags.action,
      // What the action prints is not keg's result.
      streams: {stdin: process.stdin, stdout: process.stderr, stderr: process.stderr},
    })
    return this.finish(result, flags)
  }
}
