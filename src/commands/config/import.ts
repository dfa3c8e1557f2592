import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {importConfiguration, type ImportResult} from '../../lib/config/import/import-configuration.js'
import {importText} from '../../lib/config/import/import-text.js'
import {userConfigurationFile} from '../../lib/config/user-configuration.js'

export default class ConfigImport extends KegCommand {
  static override args = {
    file: Args.string({
      description: 'Its cli.config.json (default: KEG_GLOBAL_CONFIG, ~/.kegConfig/cli.config.json).',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Registry, default tag, pull policy, environment, domain, paths, linked taps, and what the folder of that file says for single',
    'taps. What is set already stays, unless --force or --yes is given. Tokens and keys are never taken. The old files stay.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> --dry-run',
      description: 'Show what would be taken, what is there already, and what is left and why.',
    },
    '<%= config.bin %> <%= command.id %> ~/old/cli.config.json',
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be taken.'}),
    force: Flags.boolean({char: 'f', description: 'Overwrite what is set otherwise here.'}),
  }
  static override summary = 'Take over the configuration of a keg up to version 6.'

  async run(): Promise<ImportResult> {
    const {args, flags} = await this.parse(ConfigImport)
    const environment = this.environment(flags)
    const result = await importConfiguration({
      file: args.file,
      folder: process.cwd(),
      force: flags.force || flags.yes,
      dryRun: flags['dry-run'],
      environment,
      program: tapProgram(this.config),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    const names = result.taken.map(({name}) => name)
    if (!flags.quiet) this.log(importText(result, userConfigurationFile(environment)))
    else if (names.length > 0) this.log(names.join('\n'))
    return result
  }
}
