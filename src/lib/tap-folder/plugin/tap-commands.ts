import type {Example, ManifestCommand} from './tap-program.js'

/** The name of the plugin with the commands of linked taps. */
export const TAP_PLUGIN_NAME = '@keg/linked-taps'

/** The tap in the examples of @keg/tap. */
const EXAMPLE_TAP = 'shop'
const NAMES_EXAMPLE_TAP = new RegExp(`(?<=<%= command\\.id %>) ${EXAMPLE_TAP}(?![\\w-])`)
const EXAMPLE_WORD = new RegExp(`\\b${EXAMPLE_TAP}\\b`, 'g')

const TOPIC = 'tap:'

/** Those of @keg/tap's commands whose first argument is a tap. */
export function commandsWithTap(commands: readonly ManifestCommand[]): readonly ManifestCommand[] {
  return commands
    .filter(({args, id}) => id.startsWith(TOPIC) && Object.keys(args)[0] === 'tap')
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}

/**
 * The manifest entry for `keg <tap> <command>`: that of `keg tap <command> <tap>` without the tap argument.
 * @param file path of the module that runs it, from the plugin's folder, in parts
 */
export function commandOfTap(tap: string, command: ManifestCommand, file: readonly string[]): ManifestCommand {
  const {aliases, args, examples, hiddenAliases, id, usage} = command
  return {
    ...command,
    id: idOf(tap, id),
    aliases: aliasesOf(tap, aliases),
    hiddenAliases: aliasesOf(tap, hiddenAliases),
    args: Object.fromEntries(Object.entries(args).slice(1)),
    ...(examples === undefined ? {} : {examples: examplesOf(tap, examples)}),
    ...(usage === undefined ? {} : {usage: typeof usage === 'string' ? withoutTap(usage) : usage.map(withoutTap)}),
    // Otherwise oclif would load the module for defaults of flags that it does not have.
    hasDynamicHelp: false,
    isESM: true,
    pluginAlias: TAP_PLUGIN_NAME,
    pluginName: TAP_PLUGIN_NAME,
    pluginType: 'link',
    relativePath: file,
  }
}

function idOf(tap: string, id: string): string {
  return `${tap}:${id.slice(TOPIC.length)}`
}

function aliasesOf(tap: string, aliases: readonly string[]): string[] {
  return aliases.filter((alias) => alias.startsWith(TOPIC)).map((alias) => idOf(tap, alias))
}

/** Those that name the example's tap, which is now part of the command: the others are about the tap of a folder. */
function examplesOf(tap: string, examples: readonly Example[]): Example[] {
  return examples.flatMap((example): Example[] => {
    const {command, description} = typeof example === 'string' ? {command: example, description: undefined} : example
    const adapted = command.replace(NAMES_EXAMPLE_TAP, '')
    if (adapted === command) return []
    return [
      description === undefined ? adapted : {command: adapted, description: description.replace(EXAMPLE_WORD, tap)},
    ]
  })
}

function withoutTap(usage: string): string {
  return usage.replace(/\[TAP\] ?/, '').trimEnd()
}
