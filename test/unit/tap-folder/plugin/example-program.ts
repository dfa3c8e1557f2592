import type {ManifestCommand, TapProgram} from '../../../../src/lib/tap-folder/plugin/tap-program.js'

/** A command of @keg/tap as in its manifest. */
export function exampleCommand(id: string, more: Partial<ManifestCommand> = {}): ManifestCommand {
  return {
    id,
    aliases: [],
    hiddenAliases: [],
    args: {tap: {name: 'tap', description: 'Linked tap.'}},
    flags: {json: {name: 'json', type: 'boolean', allowNo: false}},
    examples: ['<%= config.bin %> <%= command.id %> shop'],
    hasDynamicHelp: false,
    isESM: true,
    pluginAlias: '@keg/tap',
    pluginName: '@keg/tap',
    pluginType: 'user',
    relativePath: ['dist', 'commands', ...id.split(':')],
    strict: true,
    summary: `The summary of ${id}.`,
    ...more,
  }
}

/** A keg with plugin-plugins and @keg/tap. */
export function exampleProgram(dataFolder: string, more: Partial<TapProgram> = {}): TapProgram {
  return {
    dataFolder,
    tapCommands: [
      exampleCommand('tap:link', {args: {path: {name: 'path'}}}),
      exampleCommand('tap:start', {hiddenAliases: ['tap:st']}),
      exampleCommand('tap:package:run'),
    ],
    takesPlugins: true,
    foreignIds: ['docker', 'docker:package', 'docker:pk', 'tap', 'tap:link', 'tap:start', 'tap:package:run', 'tap:st'],
    loadedStamp: undefined,
    ...more,
  }
}
