import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {unsetSetting} from '../../lib/config/setting/change-setting.js'
import {changeText, type ChangedSetting} from '../../lib/config/setting/setting-text.js'

export default class ConfigUnset extends KegCommand {
  static override args = {
    name: Args.string({description: 'Setting, as in `keg config list`.', required: true, ignoreStdin: true}),
  }
  static override description = 'What was not set stays so, which is no error.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> registry',
    '<%= config.bin %> <%= command.id %> env.KEG_PROXY_HOST',
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only say what would be done.'}),
  }
  static override summary = 'Take a setting away.'

  async run(): Promise<ChangedSetting> {
    const {args, flags} = await this.parse(ConfigUnset)
    const changed = await unsetSetting({
      name: args.name,
      dryRun: flags['dry-run'],
      environment: this.environment(flags),
      signal: this.signal,
    })
    this.log(flags.quiet ? changed.name : changeText(changed, {dryRun: flags['dry-run']}))
    return changed
  }
}
