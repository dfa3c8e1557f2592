import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {askForSetting, askForValue} from '../../lib/config/setting/ask-setting.js'
import {setSetting} from '../../lib/config/setting/change-setting.js'
import {changeText} from '../../lib/config/setting/setting-text.js'

export default class ConfigSet extends KegCommand {
  static override args = {
    name: Args.string({
      description: 'registry, defaultTag, protectedTags, environment, env.NAME or paths.NAME.',
      ignoreStdin: true,
    }),
    value: Args.string({description: 'New value of the setting.', ignoreStdin: true}),
  }
  static override description = 'The value is checked first. Comments and the order of the file are kept.'
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> registry ghcr.io/acme',
      description: 'Push packages there, unless a command says otherwise.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> protectedTags develop,main,latest',
      description: 'Protect these tags: a package gets one of them only with -t.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> env.KEG_PROXY_HOST local.acme.dev',
      description: 'Set a default value for all taps.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> paths.core ~/work/core',
      description: 'Set the folder of the dependency core, for: keg tap sync core',
    },
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only check the value, and show what would be done.'}),
  }
  static override summary = 'Set a setting.'

  async run(): Promise<Answers['config:set']> {
    const {args, flags} = await this.parse(ConfigSet)
    const work = this.work(flags)
    const name = args.name ?? (await askForSetting(work))
    const changed = await setSetting(work, {
      name,
      value: args.value ?? (await askForValue(work, name)),
      dryRun: flags['dry-run'],
    })
    this.log(flags.quiet ? changed.name : changeText(changed, {dryRun: flags['dry-run']}))
    return changed
  }
}
