import {KegCommand} from '../../lib/command/keg-command.js'
import {userConfigurationFile} from '../../lib/config/user-configuration.js'

export default class ConfigPath extends KegCommand {
  static override description = 'Beside it, in taps/NAME.yml, is what you set for one tap alone.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '"$EDITOR" "$(<%= config.bin %> <%= command.id %>)"', description: 'Open it in an editor.'},
  ]
  static override summary = 'Print where the configuration lies, there or not.'

  async run(): Promise<{readonly path: string}> {
    const {flags} = await this.parse(ConfigPath)
    const path = userConfigurationFile(this.environment(flags))
    this.log(path)
    return {path}
  }
}
