import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {availableColumns} from '../../lib/terminal/columns.js'
import {readTapValues} from '../../lib/tap/values/tap-values.js'
import {explanationText, valuesText, valueText} from '../../lib/tap/values/values-text.js'

export default class TapEnv extends TapCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    key: Args.string({description: 'Print only this value; can also be the first argument.', ignoreStdin: true}),
  }
  static override description = [
    'Prints NAME=VALUE lines that a shell can read, or a single value. Sources, from high to low: flag, environment, your own',
    'file for the tap, .env, values-<environment>.yml, values.yml, user configuration, built-in default. Secrets are masked.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    '<%= config.bin %> <%= command.id %> KEG_IMAGE_FROM',
    {
      command: '<%= config.bin %> <%= command.id %> shop KEG_PROXY_PORT --explain',
      description: 'Show where the port comes from, what it overrides and what it means.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    explain: Flags.boolean({description: 'Show where each value comes from, what it overrides and what it means.'}),
  }
  static override summary = "Print a tap's KEG_* values."

  async run(): Promise<Answers['tap:env']> {
    const {args, flags} = await this.parse(TapEnv)
    const {explain} = flags
    const words = [args.tap, args.key].filter((word) => word !== undefined)
    const result = await readTapValues(this.work(flags), {environmentName: flags.environment, explain, words})
    for (const warning of result.warnings) this.notice(flags, `Warning: ${warning}`)
    if (result.tap === null)
      this.notice(flags, 'This folder does not belong to a linked tap: these are the values without a tap.')
    const [value] = result.values
    if (explain) this.log(explanationText(result.values, availableColumns(process.stdout, process.env)))
    else if (result.key !== null && value !== undefined) this.log(valueText(value))
    else this.log(flags.quiet ? result.values.map(({name}) => name).join('\n') : valuesText(result.values))
    for (const {name, problem} of result.values)
      if (problem !== null && !explain) this.notice(flags, `${name} is not printed: ${problem}`)
    return result
  }
}
