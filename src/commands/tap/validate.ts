import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TapCommand} from '../../lib/command/tap-command.js'
import {exitCodeOf, validateTap} from '../../lib/tap/validate/validate-tap.js'
import {problemPlaces, validateText} from '../../lib/tap/validate/validate-text.js'

export default class TapValidate extends TapCommand {
  static override args = {
    tap: Args.string({
      description: "Linked tap, or a folder (default: this folder's tap, or this folder).",
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Reports wrong, missing and unknown keys, invalid YAML, and undefined or circular templates, each with file, line and',
    'column. Checks all environments that have a values-<environment>.yml, unless --environment names one. Exits with 0 if',
    'nothing is wrong, else with 1; with --strict, warnings count too.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "Check this folder's tap."},
    {command: '<%= config.bin %> <%= command.id %> ~/code/shop', description: 'Check a folder, linked or not.'},
    {command: '<%= config.bin %> <%= command.id %> shop --strict --json', description: 'Fail on warnings too, for CI.'},
  ]
  static override flags = {
    ...TapCommand.flags,
    strict: Flags.boolean({description: 'Exit with 1 for warnings too.'}),
  }
  static override summary = "Check a tap's files for mistakes."

  async run(): Promise<Answers['tap:validate']> {
    const {args, flags} = await this.parse(TapValidate)
    const work = this.work(flags)
    const report = await validateTap(work, {target: args.tap, environmentName: flags.environment})
    const {folder} = work
    if (!flags.quiet) this.log(validateText(report, folder))
    else if (report.problems.length > 0) this.log(problemPlaces(report, folder))
    process.exitCode = exitCodeOf(report, flags.strict)
    return report
  }
}
