import * as Args from '@oclif/core/args'
import {KegCommand} from '../../lib/command/keg-command.js'
import type {SetSetting} from '../../lib/config/setting/setting-text.js'
import {getSetting} from '../../lib/config/setting/show-setting.js'
import {printable} from '../../lib/terminal/text.js'

export default class ConfigGet extends KegCommand {
  static override args = {
    name: Args.string({description: 'Setting, as in `keg config list`.', required: true, ignoreStdin: true}),
  }
  static override description = 'Ends with 1, and prints nothing, when it is not set.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> registry',
    '<%= config.bin %> <%= command.id %> env.KEG_PROXY_HOST',
  ]
  static override summary = 'Print a setting.'

  async run(): Promise<SetSetting> {
    const {args, flags} = await this.parse(ConfigGet)
    const setting = await getSetting(args.name, this.environment(flags))
    this.log(printable(setting.value, {keepLines: true}))
    return setting
  }
}
