import {table} from './generated-part.js'

/** @typedef {import('@oclif/core').Command.Cached} CachedCommand */
/** @typedef {import('@oclif/core').Command.Flag.Cached} CachedFlag */

/**
 * The commands as a Markdown page: what each does, its arguments, flags, examples and short forms.
 *
 * @param {readonly CachedCommand[]} commands
 * @returns {string}
 */
export function commandReference(commands) {
  return commands
    .filter((command) => !command.hidden)
    .map(describeCommand)
    .join('\n')
}

/** @param {CachedCommand} command */
function describeCommand(command) {
  const name = words(command.id)
  const commandArguments = Object.values(command.args).filter((it) => it.hidden !== true)
  const shown = commandArguments.map((it) =>
    it.required === true ? it.name.toUpperCase() : `[${it.name.toUpperCase()}]`,
  )
  const flags = Object.values(command.flags).filter((it) => it.hidden !== true)
  const paragraphs = [
    `### \`${[name, ...shown].join(' ')}\``,
    command.summary,
    command.description === command.summary ? undefined : command.description,
    shortForms(command),
    table(
      ['Argument', 'Meaning'],
      commandArguments.map((it) => [`\`${it.name.toUpperCase()}\``, it.description ?? '']),
    ),
    table(
      ['Flag', 'Meaning'],
      flags.map((flag) => [flagName(flag), flagMeaning(flag)]),
    ),
    examples(command),
  ]
  return paragraphs
    .filter((it) => it !== undefined)
    .filter((it) => it !== '')
    .map((it) => `${substitute(it, command)}\n`)
    .join('\n')
}

/** @param {string} id */
const words = (id) => `keg ${id.replaceAll(':', ' ')}`

/**
 * Fills in the placeholders that oclif fills in when it prints help.
 *
 * @param {string} text
 * @param {CachedCommand} command
 */
function substitute(text, command) {
  return text
    .replace(/<%=\s*config\.bin\s*%>/g, 'keg')
    .replace(/<%=\s*command\.id\s*%>/g, command.id.replaceAll(':', ' '))
}

/** @param {CachedCommand} command */
function shortForms(command) {
  const names = [...command.aliases, ...command.hiddenAliases].map((alias) => `\`${words(alias)}\``)
  return names.length === 0 ? undefined : `Short: ${names.join(', ')}.`
}

/** @param {CachedFlag} flag */
function flagName(flag) {
  const short = flag.char === undefined ? '' : `-${flag.char}, `
  if (flag.type === 'boolean') return `\`${short}--${flag.allowNo ? '[no-]' : ''}${flag.name}\``
  const value = flag.helpValue ?? flag.options?.join('|') ?? flag.name.toUpperCase()
  return `\`${short}--${flag.name} ${typeof value === 'string' ? value : value.join(' ')}\``
}

/** @param {CachedFlag} flag */
function flagMeaning(flag) {
  const facts = [
    flag.required === true ? 'required' : '',
    flag.type === 'option' && flag.multiple === true ? 'may be given several times' : '',
    typeof flag.default === 'string' ? `default \`${flag.default}\`` : '',
    flag.env === undefined ? '' : `environment \`${flag.env}\``,
  ].filter((it) => it !== '')
  const meaning = flag.summary ?? flag.description ?? ''
  return facts.length === 0 ? meaning : `${meaning} (${facts.join('; ')})`
}

/** @param {CachedCommand} command */
function examples(command) {
  const given = command.examples ?? []
  if (given.length === 0) return undefined
  const lines = given.map((example) =>
    typeof example === 'string' ? example : `# ${example.description}\n${example.command}`,
  )
  return `\`\`\`sh\n${lines.join('\n\n')}\n\`\`\``
}
