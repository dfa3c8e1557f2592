import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {userConfigurationFile} from '../../lib/config/user-configuration.js'

export default class ConfigPath extends KegCommand {
  static override description = 'Your settings for a single tap are beside it, in taps/NAME.yml.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '"$EDITOR" "$(<%= config.bin %> <%= command.id %>)"', description: 'Open it in an editor.'},
  ]
  static override summary = 'Print the path of the configuration file.'

  async run(): Promise<Answers['config:path']> {
    const {flags} = await this.parse(ConfigPath)
    const path = userConfigurationFile(this.work(flags).environment)
    this.log(path)
    return {path}
  }
}
