import type {Config} from '@oclif/core/interfaces'
import {UsageError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {closestWord} from '../terminal/closest-word.js'

/**
 * The error for an unknown command: suggests a similar command, or the plugin that has the topic. oclif also takes the arguments of
 * a command that has none for the rest of its name.
 * @param id as oclif has it, its words joined by colons; can include arguments
 * @returns a UsageError `command-unknown`, or `usage-invalid` for such arguments
 */
export async function unknownCommand(id: string, config: Config): Promise<UsageError> {
  const words = id.split(':').filter((word) => word !== '')
  const typed = words.join(' ')
  const known = commandBefore(words, config)
  if (known !== undefined)
    return new UsageError(`Unexpected argument: ${words[known.length] ?? ''}`, {
      code: 'usage-invalid',
      hint: `See all flags with: ${config.bin} ${known.join(' ')} --help`,
    })
  return new UsageError(`${typed} is not a ${config.bin} command.`, {
    code: 'command-unknown',
    hint: (await missingPlugin(words, config)) ?? (await suggestion(words, config)),
  })
}

/** Topics of plugins that are not installed. */
async function missingPlugin([topic = '']: readonly string[], config: Config): Promise<string | undefined> {
  const plugins = property(config.pjson.oclif, 'aliases')
  const isInstalled = (name: string): boolean => config.topics.some((it) => it.name === name)
  const missing = Object.keys(plugins ?? {}).filter((name) => !isInstalled(name))
  const closest = missing.includes(topic) ? topic : await closestWord(topic, missing)
  const plugin = closest === undefined ? undefined : property(plugins, closest)
  if (typeof plugin !== 'string') return undefined
  return `${closest === topic ? 'It' : `${config.bin} ${String(closest)}`} is in a plugin that is not installed. Install it with: ${config.bin} plugins install ${plugin}`
}

async function suggestion(words: readonly string[], config: Config): Promise<string> {
  const closest = await closestCommand(words, config)
  const topic = config.topics.some(({name}) => name === words[0]) ? ` ${words[0] ?? ''}` : ''
  const list = `See all commands with: ${config.bin} help${topic}`
  return closest === undefined ? list : `Did you mean: ${config.bin} ${closest}? ${list}`
}

/** The words of the command that others follow; undefined if there is none. */
function commandBefore(words: readonly string[], config: Config): readonly string[] | undefined {
  const names = commandNames(config)
  const length = words.findLastIndex((_, at) => at > 0 && names.includes(words.slice(0, at).join(' ')))
  return length < 0 ? undefined : words.slice(0, length)
}

/** The names of all commands that help shows, words separated by spaces. */
function commandNames({commands}: Config): string[] {
  return commands
    .filter(({hidden}) => !hidden)
    .flatMap(({aliases, id}) => [id, ...aliases].map((name) => name.replaceAll(':', ' ')))
}

/** The words after the command are its arguments: the longest beginning that is similar to a command counts. */
async function closestCommand(words: readonly string[], config: Config): Promise<string | undefined> {
  const commands = commandNames(config)
  const topics = config.topics.filter(({hidden}) => hidden !== true).map(({name}) => name.replaceAll(':', ' '))
  for (let length = words.length; length > 0; length--) {
    const typed = words.slice(0, length).join(' ')
    const closest = await closestWord(typed, [...commands, ...topics])
    if (closest !== undefined && closest !== typed) return closest
  }
  return undefined
}
