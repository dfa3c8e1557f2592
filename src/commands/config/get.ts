import * as Args from '@oclif/core/args'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {askForSetSetting} from '../../lib/config/setting/ask-setting.js'
import {getSetting} from '../../lib/config/setting/show-setting.js'
import {printable} from '../../lib/terminal/text.js'

export default class ConfigGet extends KegCommand {
  static override args = {
    name: Args.string({description: 'Setting, as in `keg config list`.', ignoreStdin: true}),
  }
  static override description = 'Exits with 1, and prints nothing, if it is not set.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> registry',
    '<%= config.bin %> <%= command.id %> env.KEG_PROXY_HOST',
  ]
  static override summary = 'Print a setting.'

  async run(): Promise<Answers['config:get']> {
    const {args, flags} = await this.parse(ConfigGet)
    const work = this.work(flags)
    const name = args.name ?? (await askForSetSetting(work))
    const setting = await getSetting(name, work.environment)
    this.log(printable(setting.value, {keepLines: true}))
    return setting
  }
}
