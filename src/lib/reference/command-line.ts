import {GrammarProblem} from './grammar.js'
import {shownCharacter} from './shown-text.js'

/** The reference in a command line, not parsed yet. */
export interface CommandLine {
  /** The command as typed, such as `docker pull`. */
  name: string
  /** The word that names the image, and its index in the line. */
  word: string
  start: number
  /** Whether the line has options, or a command for the container, which are ignored. */
  optionsLeftOut: boolean
}

/** Options, by whether they take a value. */
interface Options {
  alone: ReadonlySet<string>
  withValue: ReadonlySet<string>
}

interface Program {
  /** The commands that take exactly one reference. */
  commands: readonly (readonly string[])[]
  /** Options of the program itself, before the command, and those of the command. */
  globals: Options
  options: Options
  /** Whether what follows `--` is a command for the container rather than more references. */
  passesOn: boolean
}

// https://docs.docker.com/reference/cli/docker/ and .../image/pull/
const docker: Program = {
  commands: [['pull'], ['image', 'pull']],
  globals: {
    alone: new Set(['-D', '--debug', '--tls', '--tlsverify']),
    withValue: new Set('-c --context --config -H --host -l --log-level --tlscacert --tlscert --tlskey'.split(' ')),
  },
  options: {
    alone: new Set(['-q', '--quiet', '--disable-content-trust']),
    withValue: new Set(['--platform']),
  },
  passesOn: false,
}

// https://docs.podman.io/en/latest/markdown/podman-pull.1.html
const podman: Program = {
  commands: [['pull'], ['image', 'pull']],
  globals: {
    alone: new Set(['-r', '--remote']),
    withValue: new Set(['-c', '--connection', '--url', '--identity', '--log-level']),
  },
  options: {
    alone: new Set(['-q', '--quiet', '--disable-content-trust', '--tls-verify']),
    withValue: new Set(
      '--platform --arch --os --variant --authfile --cert-dir --creds --decryption-key --policy --retry --retry-delay'.split(
        ' ',
      ),
    ),
  },
  passesOn: false,
}

const keg: Program = {
  commands: [
    ['docker', 'package', 'run'],
    ['dpg', 'run'],
  ],
  globals: {alone: new Set(), withValue: new Set()},
  options: {
    alone: new Set('-d --detach --rm --no-rm --json --quiet -q --yes -y --no-input --dry-run'.split(' ')),
    withValue: new Set(
      '--pull -p --publish -e --env --env-file --name --network --entrypoint --wait --context --host --platform'.split(
        ' ',
      ),
    ),
  },
  passesOn: true,
}

const programs: ReadonlyMap<string, Program> = new Map([
  ['docker', docker],
  ['podman', podman],
  ['keg', keg],
])
const prompts: ReadonlySet<string> = new Set(['$', '#', '%', '>', '❯', '➜'])

/**
 * Finds the reference in a pasted command line that only pulls or runs one image; `text` has no white space at its ends. Nothing
 * is run or expanded. Throws GrammarProblem for any other line.
 */
export function readCommandLine(text: string): CommandLine {
  const words = Array.from(text.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g), (match) => ({text: match[0], start: match.index}))
  if (prompts.has(words[0]?.text ?? '')) words.shift()
  if (words[0]?.text === 'sudo') words.shift()
  const programName = words.shift()?.text ?? ''
  const program = programs.get(programName)
  if (program === undefined) {
    const space = text.search(/\s/)
    throw new GrammarProblem(space, `${shownCharacter(text, space)} is not allowed in an image reference`)
  }

  const typed: string[] = []
  let complete = false
  let onlyOperands = false
  let optionsLeftOut = false
  let found: {text: string; start: number} | undefined
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word.text === '--' && !onlyOperands) {
      optionsLeftOut ||= program.passesOn && words.length > 0
      if (program.passesOn) break
      onlyOperands = true
    } else if (word.text.startsWith('-') && !onlyOperands) {
      const takesNext = takesNextWord(word, complete ? program.options : program.globals)
      if (takesNext) words.shift()
      optionsLeftOut = true
    } else if (!complete) {
      typed.push(word.text)
      const possible = program.commands.filter((command) => typed.every((part, index) => part === command[index]))
      if (possible.length === 0) throw otherCommand(programName, typed, word.start)
      complete = possible.some((command) => command.length === typed.length)
    } else if (found === undefined) {
      found = word
    } else {
      throw new GrammarProblem(word.start, 'a second word follows the reference', 'Paste one reference.')
    }
  }
  if (!complete) throw otherCommand(programName, typed, text.length)
  if (found === undefined) throw new GrammarProblem(text.length, 'the line names no image')
  return {name: [programName, ...typed].join(' '), word: found.text, start: found.start, optionsLeftOut}
}

/** Whether the next word is an option's value; fails for unknown options, whose value could be mistaken for the reference. */
function takesNextWord({text, start}: {text: string; start: number}, {alone, withValue}: Options): boolean {
  const equals = text.indexOf('=')
  const name = equals === -1 ? text : text.slice(0, equals)
  if (withValue.has(name)) return equals === -1
  if (alone.has(name)) return false
  // `-p8080:80`: a short option with its value in the same word.
  if (!text.startsWith('--') && withValue.has(text.slice(0, 2))) return false
  throw new GrammarProblem(start, 'keg does not know this option', 'Paste only the reference.')
}

function otherCommand(program: string, typed: readonly string[], index: number): GrammarProblem {
  const runs = program !== 'keg' && (typed.includes('run') || typed.includes('create'))
  return runs
    ? new GrammarProblem(
        index,
        `a ${program} run line says more than which image it is`,
        'Give only the reference, and options such as -p and -e as options of keg docker package run.',
      )
    : new GrammarProblem(index, 'only lines that pull an image or run a package are understood')
}
