import {FailedError, RefusedError} from '../../error/keg-error.js'
import {count, printable, shellLine} from '../../terminal/text.js'
import type {PathPatterns} from '../exclude/path-patterns.js'
import type {FoundSecret} from './secret-search.js'
import type {Work} from '../../work/work.js'

/** A secret in a plan or a result. */
export interface PackagedSecret extends FoundSecret {
  /** Whether `--allow-secret` names it. */
  readonly allowed: boolean
}

/** Options for asking about secrets. */
export interface SecretGateOptions {
  readonly allowed: PathPatterns
  readonly push: boolean
  /** Whether it is written to a file, which is made to be given to others. */
  readonly writesFile: boolean
}

/** Lets no secret leave this machine without permission; asks about each one once. */
export class SecretGate {
  readonly #askedPaths = new Set<string>()

  constructor(
    private readonly work: Work,
    private readonly options: SecretGateOptions,
  ) {}

  /** @param found as it was found, for plans and results */
  describe(found: readonly FoundSecret[]): PackagedSecret[] {
    return found.map((secret) => ({...secret, allowed: this.options.allowed.matches(secret.path, false)}))
  }

  /**
   * Asks about secrets that it has not asked about before. A package that stays in the engine only gets a warning.
   * @throws RefusedError `secret-found` without a terminal (`--yes` does not count); FailedError `cancelled`.
   */
  async ask(found: readonly FoundSecret[]): Promise<void> {
    const secrets = this.describe(found).filter(({allowed, path}) => !allowed && !this.#askedPaths.has(path))
    if (secrets.length === 0) return
    secrets.forEach(({path}) => this.#askedPaths.add(path))
    const {prompt, notice, warn} = this.work
    const {push, writesFile} = this.options
    if (!push && !writesFile) {
      warn(`${summary(secrets)} Everybody who pulls the image gets them: ${listText(secrets)}.`)
      return
    }
    if (!prompt.isInteractive) throw secretFound(secrets)
    secrets.forEach((secret) => notice(lineText(secret)))
    const question = `${summary(secrets)} ${push ? 'Push' : 'Write'} it anyway?`
    const answer = await prompt.confirm(question, {flag: '--allow-secret PATH', yesIsNoAnswer: true})
    if (!answer) throw new FailedError('Nothing was packaged.', {code: 'cancelled', hint: waysOut(secrets)})
  }
}

function summary(secrets: readonly FoundSecret[]): string {
  return `The package would hold ${count(secrets.length, 'file')} that ${secrets.length === 1 ? 'looks' : 'look'} like secrets.`
}

function lineText({path, reason}: FoundSecret): string {
  return `  ${printable(path)} (${reason})`
}

/** How many are named in a sentence. */
const MAX_NAMED = 10

/** How many get a flag of their own in a hint. */
const MAX_FLAGS = 100

function listText(secrets: readonly FoundSecret[]): string {
  const named = secrets.slice(0, MAX_NAMED).map(({path}) => printable(path))
  return `${named.join(', ')}${more(secrets, MAX_NAMED)}`
}

function more(secrets: readonly FoundSecret[], named: number): string {
  return secrets.length > named ? ` and ${secrets.length - named} more` : ''
}

/** Flags for all of them, because the line is pasted: one for each file, or, for very many, one for each name. */
function flags(flag: string, secrets: readonly FoundSecret[]): string {
  const paths = secrets.map(({path}) => path)
  const values = paths.length > MAX_FLAGS ? new Set(paths.map(namePattern)) : paths.map(pasted)
  return shellLine([...values].flatMap((value) => [flag, value]))
}

/** A path as a flag has it: with control characters, which no terminal shows, a pattern that matches it. */
function pasted(path: string): string {
  return printable(path) === path ? path : asPattern(path)
}

/** Matches all files with the name of this one. */
function namePattern(path: string): string {
  return `/**/${asPattern(path.slice(path.lastIndexOf('/') + 1))}`
}

function asPattern(text: string): string {
  return printable(text.replace(/[\\*?[\]]/g, '\\$&'))
}

function waysOut(secrets: readonly FoundSecret[]): string {
  return `Exclude them with: ${flags('--exclude', secrets)}; or package them anyway with: ${flags('--allow-secret', secrets)}`
}

function secretFound(secrets: readonly FoundSecret[]): RefusedError {
  const lines = secrets.slice(0, MAX_LISTED).map(lineText)
  return new RefusedError(`${summary(secrets)}\n${lines.join('\n')}${more(secrets, MAX_LISTED)}`, {
    code: 'secret-found',
    hint: `${waysOut(secrets)} (--yes does not answer for secrets.)`,
    data: {
      secrets: secrets.map(({path, reason}) => ({path, reason, flag: shellLine(['--allow-secret', pasted(path)])})),
    },
  })
}

/** How many are shown to a person; the data has all of them. */
const MAX_LISTED = 30
