import type {Config} from '@oclif/core/interfaces'
import {property} from '../json/json.js'
import {TAP_PLUGIN_NAME} from '../tap-folder/plugin/tap-commands.js'
import type {TapProgram} from '../tap-folder/plugin/tap-program.js'

/** What creating commands for linked taps needs to know about the running program. */
export function tapProgram(config: Config): TapProgram {
  const plugins = config.getPluginsList()
  const generated = plugins.find(({name}) => name === TAP_PLUGIN_NAME)
  const stamp = property(property(generated?.pjson, 'keg'), 'stamp')
  return {
    dataFolder: config.dataDir,
    tapCommands: plugins.find(({name}) => name === '@keg/tap')?.commands,
    takesPlugins: plugins.some(({name}) => name === '@oclif/plugin-plugins'),
    foreignIds: plugins
      .filter((plugin) => plugin !== generated)
      .flatMap(({commands, topics}) => [
        ...commands.flatMap(({aliases, hiddenAliases, id}) => [id, ...aliases, ...hiddenAliases]),
        ...topics.map(({name}) => name),
      ]),
    loadedStamp: typeof stamp === 'string' ? stamp : undefined,
  }
}
