/**
 * The command lines that keg suggests in hints, prompts and texts, such as `keg sync resume shop`: whatever they contain,
 * they are safe to paste into a shell.
 */
import {printable, shellLine} from './text.js'

/** A part of a template: a value, or a list of words, including options. */
type Part = number | string | readonly string[]

/** The engine given to the current command, as options of docker and keg: `--host ADDRESS`, `--context NAME` or none. */
interface HintEngine {
  args: readonly string[]
}

/** That of the command that runs. An AsyncLocalStorage would be told of every promise, which took a package a tenth of its time. */
let hintEngine: HintEngine | undefined

/** Commands that use an engine: all of docker and keg but those for files, the configuration and credentials. */
const ABOUT_ENGINE =
  /^(?:docker (?!(?:buildx|context|login|logout)\b)|keg (?!(?:config|help|plugins|tap (?:env|link|list|new|unlink|validate))\b))/

/**
 * Makes all command lines created in `work` name the engine of `options`, which may be set later, while it runs. A process runs one
 * command at a time.
 */
export function withHintEngine<T>(options: HintEngine, work: () => T): T {
  const outer = hintEngine
  const restore = (): void => {
    hintEngine = outer
  }
  hintEngine = options
  let result: T
  try {
    result = work()
  } catch (error) {
    restore()
    throw error
  }
  if (result instanceof Promise) return result.finally(restore) as T
  restore()
  return result
}

/**
 * A command line to paste into a shell on this machine. Quotes values if needed; a value that begins with a dash is not
 * taken for an option. A command that uses an engine gets the `--host` or `--context` of the current command. The template's
 * literal text stays unchanged.
 */
export function commandLine(literals: TemplateStringsArray, ...parts: readonly Part[]): string {
  const args = splitArguments(literals, parts)
  const line = args.join(' ')
  const engine = hintEngine?.args ?? []
  if (engine.length === 0 || !ABOUT_ENGINE.test(line)) return line
  const end = args.indexOf('--')
  const index = args[0] === 'docker' ? 1 : end === -1 ? args.length : end
  return args.toSpliced(index, 0, ...engine.map(quoted)).join(' ')
}

/** A command line for other machines: like commandLine, but without this machine's engine. */
export function shareableLine(literals: TemplateStringsArray, ...parts: readonly Part[]): string {
  return splitArguments(literals, parts).join(' ')
}

function splitArguments(literals: readonly string[], parts: readonly Part[]): string[] {
  const args: string[] = []
  // The current word: text around a value belongs to it, as in `label=${name}`.
  let arg: {text: string; hasValue: boolean} | undefined
  const end = (): void => {
    if (arg !== undefined) add(args, arg)
    arg = undefined
  }
  for (const [index, literal] of literals.entries()) {
    for (const [place, text] of literal.split(' ').entries()) {
      if (place > 0) end()
      if (text !== '') arg = {text: `${arg?.text ?? ''}${text}`, hasValue: arg?.hasValue ?? false}
    }
    const part = parts[index]
    if (typeof part === 'object') args.push(...part.map(quoted))
    else if (part !== undefined) arg = {text: `${arg?.text ?? ''}${part}`, hasValue: true}
  }
  end()
  return args
}

function add(args: string[], {hasValue, text}: {text: string; hasValue: boolean}): void {
  if (!hasValue) args.push(text)
  else if (!text.startsWith('-') || args.includes('--')) args.push(quoted(text))
  else if (args.at(-1)?.startsWith('--') === true) args.push(`${args.pop() ?? ''}=${quoted(text)}`)
  else args.push('--', quoted(text))
}

/** Quotes a word for a shell; control and invisible characters become octal escapes. */
function quoted(arg: string): string {
  if (printable(arg) === arg) return shellLine([arg])
  const bytes = Array.from(arg, (character) =>
    printable(character) === character
      ? character.replace(/['\\]/, '\\$&')
      : Array.from(Buffer.from(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  )
  return `$'${bytes.join('')}'`
}
