import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {TapCommand} from '../../lib/command/tap-command.js'
import {exitCodeOf, validateTap, type TapReport} from '../../lib/tap/validate/validate-tap.js'
import {problemPlaces, validateText} from '../../lib/tap/validate/validate-text.js'

export default class TapValidate extends TapCommand {
  static override args = {
    tap: Args.string({
      description: 'Linked tap, or a folder; without, the one that this folder is in, or this folder.',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Keys that are wrong, missing or unknown, YAML that does not parse, templates that name nothing or are circular: each with',
    'file, line and column. All environments that have a values-<environment>.yml are looked at, unless --environment names one.',
    'Ends with 0 where nothing is wrong, and with 1 otherwise; warnings count with --strict.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: 'Look at the tap that this folder is in.'},
    {command: '<%= config.bin %> <%= command.id %> ~/code/shop', description: 'Look at a folder, linked or not.'},
    {command: '<%= config.bin %> <%= command.id %> shop --strict --json', description: 'For a build service.'},
  ]
  static override flags = {
    ...TapCommand.flags,
    strict: Flags.boolean({description: 'End with 1 where there are only warnings, too.'}),
  }
  static override summary = "Look whether a tap's files are right."

  async run(): Promise<TapReport> {
    const {args, flags} = await this.parse(TapValidate)
    const folder = process.cwd()
    const report = await validateTap({
      target: args.tap,
      folder,
      environment: this.environment(flags),
      environmentName: flags.environment,
    })
    if (!flags.quiet) this.log(validateText(report, folder))
    else if (report.problems.length > 0) this.log(problemPlaces(report, folder))
    process.exitCode = exitCodeOf(report, flags.strict)
    return report
  }
}
