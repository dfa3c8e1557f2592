/** Checks that a program accepts a line: keg by its manifests, docker and mutagen by their own help. */
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {WORDS, wordsOf} from './advised-lines.js'

const repository = join(import.meta.dirname, '../..')
const MANIFESTS = [
  ...['', 'src/commands/docker', 'src/commands/sync', 'src/commands/tap'],
  ...['node_modules/@oclif/plugin-help', 'node_modules/@oclif/plugin-plugins'],
]
/** All words after their first operand belong to the program to run. */
const PASS_ON: ReadonlySet<string> = new Set(['docker exec', 'docker run'])

/** What a command accepts, for any of the programs. */
interface Command {
  /** Its words, including the program's name. */
  readonly name: readonly string[]
  /** By all their names, such as `--force` and `-f`. */
  readonly flags: ReadonlyMap<string, FlagRules>
  readonly minOperands: number
  readonly maxOperands: number
}

interface FlagRules {
  readonly name: string
  readonly takesValue: boolean
  readonly values?: readonly string[] | undefined
  readonly isRequired?: boolean | undefined
  readonly exclusive?: readonly string[] | undefined
  readonly dependsOn?: readonly string[] | undefined
}

interface ManifestFlag {
  readonly name: string
  readonly char?: string
  readonly aliases?: readonly string[]
  readonly type: 'boolean' | 'option'
  readonly allowNo?: boolean
  readonly options?: readonly string[]
  readonly required?: boolean
  readonly exclusive?: readonly string[]
  readonly dependsOn?: readonly string[]
}

interface ManifestCommand {
  readonly aliases: readonly string[]
  readonly hiddenAliases: readonly string[]
  readonly args: Readonly<Record<string, {readonly required?: boolean}>>
  readonly flags: Readonly<Record<string, ManifestFlag>>
  readonly strict: boolean
}

/** Every command, as typed after keg, with what it accepts. */
const kegCommands = new Map(
  MANIFESTS.flatMap((folder) => {
    const text = readFileSync(join(repository, folder, 'oclif.manifest.json'), 'utf8')
    const {commands} = JSON.parse(text) as {commands: Record<string, ManifestCommand>}
    return Object.entries(commands).flatMap(([id, command]) =>
      [id, ...command.aliases, ...command.hiddenAliases].map((name) => {
        const typed = name.replaceAll(':', ' ')
        return [typed, kegCommand(typed, command)] as const
      }),
    )
  }),
)

function kegCommand(name: string, {args, flags, strict}: ManifestCommand): Command {
  const operands = Object.values(args)
  const rules = Object.values(flags).flatMap((flag) => {
    const rule: FlagRules = {
      name: flag.name,
      takesValue: flag.type === 'option',
      values: flag.options,
      isRequired: flag.required,
      exclusive: flag.exclusive,
      dependsOn: flag.dependsOn,
    }
    const names = [flag.name, ...(flag.aliases ?? [])].map((each) => `--${each}`)
    if (flag.char !== undefined) names.push(`-${flag.char}`)
    if (flag.allowNo === true) names.push(`--no-${flag.name}`)
    return names.map((each) => [each, rule] as const)
  })
  return {
    name: ['keg', ...name.split(' ')],
    flags: new Map([...rules, ['--help', {name: 'help', takesValue: false}]]),
    minOperands: operands.filter(({required}) => required).length,
    maxOperands: strict ? operands.length : Infinity,
  }
}

/** What is wrong with a line; undefined if nothing is. @param isWhole whether no required word may be missing */
export function problemOf(line: string, isWhole = true): string | undefined {
  const words = wordsOf(line)
  // Sentences name a topic alone.
  if (!isWhole && words.length === 2 && isTopic(words[1])) return undefined
  const command = words[0] === 'keg' ? findKegCommand(words) : findProgramCommand(words)
  return typeof command === 'string' ? command : misuseOf(command, words.slice(command.name.length), isWhole)
}

function findKegCommand(words: readonly string[]): Command | string {
  const longest = (typed: readonly string[]): Command | undefined =>
    [3, 2, 1]
      .map((length) => kegCommands.get(typed.slice(0, length).join(' ')))
      .find((command) => command !== undefined)
  const typed = words.slice(1)
  const command = longest(typed)
  if (command !== undefined) return command
  // A linked tap is a command: `keg shop start`.
  const ofTap = longest(['tap', ...typed.slice(1)])
  if (ofTap === undefined) return `keg has no command ${typed.slice(0, 3).join(' ')}`
  return {...ofTap, minOperands: ofTap.minOperands - 1, maxOperands: ofTap.maxOperands - 1}
}

function isTopic(word: string | undefined): boolean {
  return [...kegCommands.keys()].some((name) => name.startsWith(`${word ?? ''} `))
}

const programCommands = new Map<string, Command | string>()

/** For docker and mutagen, from their help. */
function findProgramCommand(words: readonly string[]): Command | string {
  const end = words.findIndex((word, index) => index > 0 && !/^[a-z]+$/.test(word))
  const names = words.slice(0, end === -1 ? undefined : end)
  // A word of lower-case letters can be the first operand.
  for (let length = names.length; length > 1; length--) {
    const key = names.slice(0, length).join(' ')
    const known = programCommands.get(key) ?? readHelp(names.slice(0, length))
    programCommands.set(key, known)
    if (typeof known !== 'string') return known
  }
  return `${words[0] ?? ''} has no command ${names.slice(1).join(' ')}`
}

function readHelp(name: readonly string[]): Command | string {
  const [program = '', ...subcommand] = name
  let help: string
  try {
    help = execFileSync(program, [...subcommand, '--help'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']})
  } catch {
    return `${name.join(' ')} has no help`
  }
  const usage = /Usage:\s+(.+)/.exec(help)?.[1] ?? ''
  if (!`${usage} `.startsWith(`${name.join(' ')} `)) return `${name.join(' ')} is no command`
  const operands = usage.slice(name.join(' ').length).replace(/\[(?:OPTIONS|flags)\]/g, '')
  const needed = operands.replace(/\[[^[\]]*(?:\[[^\]]*\][^[\]]*)*\]/g, '').match(/<?[A-Z_a-z-]{2,}>?/g) ?? []
  const flags = [...help.matchAll(/^\s+(?:(-\w), )?\s*(--[\w-]+)( \S+)?(?: {2,}|$)/gm)].flatMap(
    ([, char, long = '', value]) => {
      const rule: FlagRules = {name: long.slice(2), takesValue: value !== undefined}
      return [long, ...(char === undefined ? [] : [char])].map((each) => [each, rule] as const)
    },
  )
  return {
    name,
    flags: new Map([...flags, ['--help', {name: 'help', takesValue: false}]]),
    minOperands: needed.length,
    maxOperands: operands.includes('...') ? Infinity : (operands.match(/[A-Z][A-Z_]+/g)?.length ?? 0),
  }
}

function misuseOf(command: Command, words: readonly string[], isWhole: boolean): string | undefined {
  const given = new Map<string, FlagRules>()
  let operands = 0
  const left = [...words]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === '--') {
      operands += left.filter((each) => each !== WORDS).length
      break
    }
    if (!/^-\D/.test(word)) {
      if (word !== WORDS) operands++
      if (!PASS_ON.has(command.name.join(' '))) continue
      operands += left.length
      break
    }
    const [, long, value] = /^(--?[\w-]+)(?:=(.*))?$/.exec(word) ?? []
    const [name, rest] = command.flags.has(long ?? '') ? [long ?? '', value] : [word.slice(0, 2), word.slice(2)]
    const rule = command.flags.get(name)
    if (rule === undefined) return `${command.name.join(' ')} has no flag ${word}`
    given.set(rule.name, rule)
    if (!rule.takesValue) continue
    const said = rest === undefined || rest === '' ? left.shift() : rest
    if (said === undefined && isWhole) return `${word} has no value`
    if (rule.values !== undefined && said !== undefined && !/…|[A-Z]{2}|\|/.test(said) && !rule.values.includes(said))
      return `${word} takes no ${said}`
  }
  const some = [...given.values()]
  for (const {dependsOn = [], exclusive = [], name} of some) {
    const other = exclusive.find((each) => each !== name && given.has(each))
    if (other !== undefined) return `--${name} and --${other} exclude each other`
    const missing = dependsOn.find((each) => !given.has(each))
    if (isWhole && missing !== undefined) return `--${name} needs --${missing}`
  }
  if (operands > command.maxOperands && !given.has('help')) return `${operands} operands are too many`
  if (!isWhole || given.has('help') || words.includes(WORDS)) return undefined
  const required = [...command.flags.values()].find(({isRequired, name}) => isRequired === true && !given.has(name))
  if (required !== undefined) return `--${required.name} is missing`
  return operands < command.minOperands ? `${operands} operands are too few` : undefined
}
