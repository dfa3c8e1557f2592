import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {settingsText} from '../../lib/config/setting/setting-text.js'
import {listSettings} from '../../lib/config/setting/show-setting.js'
import {userConfigurationFile} from '../../lib/config/user-configuration.js'

export default class ConfigList extends KegCommand {
  static override description = 'Values that look like secrets are hidden; `keg config get` prints them.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '<%= config.bin %> <%= command.id %> --json', description: 'For scripts.'},
  ]
  static override summary = 'List all settings.'

  protected override readonly reportedInvalid = 'all'

  async run(): Promise<Answers['config:list']> {
    const {flags} = await this.parse(ConfigList)
    const environment = this.work(flags).environment
    const settings = await listSettings(environment)
    if (settings.length === 0) this.notice(flags, `Nothing is set in ${userConfigurationFile(environment)}.`)
    else this.log(flags.quiet ? settings.map(({name}) => name).join('\n') : settingsText(settings))
    return settings
  }
}
