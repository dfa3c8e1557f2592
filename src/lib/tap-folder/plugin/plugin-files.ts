import {createHash} from 'node:crypto'
import {printable} from '../../terminal/text.js'
import {commandOfTap, commandsWithTap, TAP_PLUGIN_NAME} from './tap-commands.js'
import type {ManifestCommand} from './tap-program.js'

/** A file of the plugin: its path below the plugin's folder, and its content. */
export interface PluginFile {
  readonly path: string
  readonly text: string
}

/**
 * The plugin's version, always the same in both of its files: between the two renames of an update, oclif may read the old
 * manifest with the new package.json, and it refuses a manifest with another version.
 */
const VERSION = '1.0.0'

/** The module of the taps' commands: its path below the plugin's folder. */
const MODULE = ['commands', 'run.js'] as const

/**
 * `keg shop start ...` is `keg tap start shop ...`, word by word. It imports nothing, because nothing is installed beside
 * it; it gets its configuration from the running program.
 */
const PROGRAM = `// Made by keg tap link. Each command of a linked tap is the command of @keg/tap, with the name of the tap before all words.
export default class {
  static async run(argv, config) {
    const [tap, ...command] = this.id.split(':')
    const id = ['tap', ...command].join(':')
    if (config.findCommand(id) === undefined) {
      const words = [config.bin, 'plugins install @keg/tap'].join(' ')
      const error = new Error(\`The commands of taps are not installed. Install them with: \${words}\`)
      throw Object.assign(error, {oclif: {exit: 4}, stack: \`Error: \${error.message}\`})
    }
    return config.runCommand(id, [tap, ...argv])
  }
}
`

/** Shows whether the plugin was made by the same keg from the same commands, wherever they are installed. */
export function pluginStamp(commands: readonly ManifestCommand[]): string {
  const entries = commandsOfTap('tap', commands)
  return createHash('sha256')
    .update(JSON.stringify([PROGRAM, entries]))
    .digest('hex')
}

/**
 * All files of the plugin, in the order to write them: each needs those before it.
 * @param taps folders by the names of the links
 * @param commands all commands of @keg/tap
 */
export function pluginFiles(
  taps: ReadonlyMap<string, {readonly path: string}>,
  commands: readonly ManifestCommand[],
): readonly PluginFile[] {
  const names = [...taps.keys()].sort()
  const entries = names.flatMap((tap) => commandsOfTap(tap, commands))
  const manifest = {commands: Object.fromEntries(entries.map((entry) => [entry.id, entry])), version: VERSION}
  const description = {
    name: TAP_PLUGIN_NAME,
    version: VERSION,
    description: 'The taps that are linked, as commands.',
    private: true,
    type: 'module',
    oclif: {
      commands: `./${MODULE[0]}`,
      topics: Object.fromEntries(names.map((tap) => [tap, {description: shownPath(taps.get(tap)?.path ?? '')}])),
    },
    keg: {stamp: pluginStamp(commands)},
  }
  return [
    {path: MODULE.join('/'), text: PROGRAM},
    {path: 'oclif.manifest.json', text: `${JSON.stringify(manifest)}\n`},
    {path: 'package.json', text: `${JSON.stringify(description, null, 2)}\n`},
  ]
}

function commandsOfTap(tap: string, commands: readonly ManifestCommand[]): readonly ManifestCommand[] {
  return commandsWithTap(commands).map((command) => commandOfTap(tap, command, MODULE))
}

/** oclif treats descriptions as EJS templates, and renders them more than once. */
function shownPath(path: string): string {
  return `Tap in ${printable(path)}`.replaceAll('<%', '<?')
}
