import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {readTapValues, type TapValues} from '../../lib/environment/explain/tap-values.js'
import {explanationText, valuesText, valueText} from '../../lib/environment/explain/values-text.js'

export default class TapEnv extends TapCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    key: Args.string({description: 'Name of the one value to print alone; may stand first.', ignoreStdin: true}),
  }
  static override description = [
    'Prints NAME=VALUE lines that a shell can read, or one value alone. Each has the highest of: flag, environment, your own',
    'file for the tap, .env, values-<environment>.yml, values.yml, user configuration, built-in default. Secrets are masked.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    '<%= config.bin %> <%= command.id %> KEG_IMAGE_FROM',
    {
      command: '<%= config.bin %> <%= command.id %> shop KEG_PROXY_PORT --explain',
      description: 'Show where the port comes from, what that hides and what it means.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    explain: Flags.boolean({description: 'Show where each comes from, what it hides and what it means.'}),
  }
  static override summary = "Print a tap's KEG_* values."

  async run(): Promise<TapValues> {
    const {args, flags} = await this.parse(TapEnv)
    const {explain} = flags
    const words = [args.tap, args.key].filter((word) => word !== undefined)
    const result = await readTapValues({...this.tapOptions(undefined, flags), explain, words})
    for (const warning of result.warnings) this.tell(flags, `Warning: ${warning}`)
    if (result.tap === null) this.tell(flags, 'This folder is in no linked tap: these are the values without one.')
    const [value] = result.values
    if (explain) this.log(explanationText(result.values))
    else if (result.key !== null && value !== undefined) this.log(valueText(value))
    else this.log(flags.quiet ? result.values.map(({name}) => name).join('\n') : valuesText(result.values))
    for (const {name, problem} of result.values)
      if (problem !== null && !explain) this.tell(flags, `Left out is ${name}: ${problem}`)
    return result
  }
}
