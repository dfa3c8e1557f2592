import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {importConfiguration} from '../../lib/import/import-configuration.js'
import {importText} from '../../lib/import/import-text.js'
import {userConfigurationFile} from '../../lib/config/user-configuration.js'

export default class ConfigImport extends KegCommand {
  static override args = {
    file: Args.string({
      description: 'Its cli.config.json (default: KEG_GLOBAL_CONFIG, ~/.kegConfig/cli.config.json).',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Imports the registry, default tag, pull policy, environment, domain, paths, linked taps, and the overrides of single taps',
    'beside that file. Settings that exist already are kept, unless --force or --yes is given. Tokens and keys are never',
    'imported. The old files are kept.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> --dry-run',
      description: 'Show what would be imported, what exists already, and what is skipped and why.',
    },
    '<%= config.bin %> <%= command.id %> ~/old/cli.config.json',
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be imported.'}),
    force: Flags.boolean({char: 'f', description: 'Overwrite settings that have another value.'}),
  }
  static override summary = 'Import the configuration of keg 6 and earlier.'

  async run(): Promise<Answers['config:import']> {
    const {args, flags} = await this.parse(ConfigImport)
    const work = this.work(flags)
    const result = await importConfiguration(work, {
      file: args.file,
      force: flags.force || flags.yes,
      dryRun: flags['dry-run'],
      program: tapProgram(this.config),
    })
    const names = result.taken.map(({name}) => name)
    if (!flags.quiet) this.log(importText(result, userConfigurationFile(work.environment)))
    else if (names.length > 0) this.log(names.join('\n'))
    return result
  }
}
