import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {askForSetSetting} from '../../lib/config/setting/ask-setting.js'
import {unsetSetting} from '../../lib/config/setting/change-setting.js'
import {changeText} from '../../lib/config/setting/setting-text.js'

export default class ConfigUnset extends KegCommand {
  static override args = {
    name: Args.string({description: 'Setting, as in `keg config list`.', ignoreStdin: true}),
  }
  static override description = 'It is not an error if the setting is not set.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> registry',
    '<%= config.bin %> <%= command.id %> env.KEG_PROXY_HOST',
  ]
  static override flags = {
    'dry-run': Flags.boolean({description: 'Only show what would be done.'}),
  }
  static override summary = 'Remove a setting.'

  async run(): Promise<Answers['config:unset']> {
    const {args, flags} = await this.parse(ConfigUnset)
    const work = this.work(flags)
    const changed = await unsetSetting(work, {
      name: args.name ?? (await askForSetSetting(work)),
      dryRun: flags['dry-run'],
    })
    this.log(flags.quiet ? changed.name : changeText(changed, {dryRun: flags['dry-run']}))
    return changed
  }
}
