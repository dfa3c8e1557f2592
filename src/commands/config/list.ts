import {KegCommand} from '../../lib/command/keg-command.js'
import {settingsText, type SetSetting} from '../../lib/config/setting/setting-text.js'
import {listSettings} from '../../lib/config/setting/show-setting.js'
import {userConfigurationFile} from '../../lib/config/user-configuration.js'

export default class ConfigList extends KegCommand {
  static override description = 'What looks like a secret is not shown; `keg config get` prints it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '<%= config.bin %> <%= command.id %> --json', description: 'For scripts.'},
  ]
  static override summary = 'Print all that is set.'

  async run(): Promise<readonly SetSetting[]> {
    const {flags} = await this.parse(ConfigList)
    const environment = this.environment(flags)
    const settings = await listSettings(environment)
    if (settings.length === 0) this.tell(flags, `Nothing is set in ${userConfigurationFile(environment)}.`)
    else this.log(flags.quiet ? settings.map(({name}) => name).join('\n') : settingsText(settings))
    return settings
  }
}
