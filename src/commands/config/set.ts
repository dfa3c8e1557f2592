import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {setSetting} from '../../lib/config/setting/change-setting.js'
import {changeText, type ChangedSetting} from '../../lib/config/setting/setting-text.js'

export default class ConfigSet extends KegCommand {
  static override args = {
    name: Args.string({
      description: 'registry, defaultTag, environment, env.NAME or paths.NAME.',
      required: true,
      ignoreStdin: true,
    }),
    value: Args.string({description: 'What it is from now on.', required: true, ignoreStdin: true}),
  }
  static override description =
    'It is checked first. Comments in the file stay, and so does the order of what is in it.'
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> registry ghcr.io/acme',
      description: 'Push packages there, unless a command says otherwise.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> env.KEG_PROXY_HOST local.acme.dev',
      description: 'Give all taps a value, below what they say themselves.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> paths.core ~/work/core',
      description: 'Say where the dependency core lies, for: keg tap sync core',
    },
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only check it, and say what would be done.'}),
  }
  static override summary = 'Set something for all commands.'

  async run(): Promise<ChangedSetting> {
    const {args, flags} = await this.parse(ConfigSet)
    const changed = await setSetting({
      name: args.name,
      value: args.value,
      dryRun: flags['dry-run'],
      say: (line) => this.tell(flags, line),
      environment: this.environment(flags),
      signal: this.signal,
    })
    this.log(flags.quiet ? changed.name : changeText(changed, {dryRun: flags['dry-run']}))
    return changed
  }
}
