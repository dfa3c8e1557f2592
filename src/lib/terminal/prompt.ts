import type {createPromptModule} from 'inquirer'
import {InterruptedError, UsageError} from '../error/keg-error.js'
import {printable} from './text.js'
import {KeyInput} from './key-input.js'
import {searchRows} from './search-choices.js'

/** A possible answer to a question. */
export interface Choice<T> {
  readonly name: string
  readonly value: T
}

/** The options of a choice. */
export interface ChooseOptions<T> {
  /** The flag that answers it on the command line. */
  readonly flag: string
  /** Whether the choices are a list of existing items, which can be long: it can be searched. */
  readonly isList?: boolean
  /** What a typed text means as an answer in such a list; undefined if it is not one. */
  readonly typed?: (text: string) => T | undefined
}

/** How services ask the user; every question names the flag that answers it. */
export interface Prompt {
  /** Whether somebody can answer. */
  readonly isInteractive: boolean
  /**
   * @param options `yesIsNoAnswer`: asks even with `--yes`; `yesIsDefault`: Enter means yes
   * @throws UsageError `input-missing` naming `flag` if nobody can answer.
   */
  confirm(question: string, options: {flag: string; yesIsDefault?: boolean; yesIsNoAnswer?: boolean}): Promise<boolean>
  /** @throws UsageError `input-missing` naming `flag` if nobody can answer. */
  choose<T>(question: string, choices: readonly Choice<T>[], options: ChooseOptions<T>): Promise<T>
  /** @throws UsageError `input-missing` naming `flag` if nobody can answer. */
  text(question: string, options: {flag: string; validate?: (answer: string) => true | string}): Promise<string>
}

/** The error for missing input if nobody can be asked. */
export function missingInput(question: string, flag: string): UsageError {
  return new UsageError(`This needs an answer, and there is no terminal: ${printable(question)}`, {
    code: 'input-missing',
    hint: `Answer it on the command line with ${flag}.`,
  })
}

type PromptModule = ReturnType<typeof createPromptModule>

/** What terminalPrompt needs. */
export interface TerminalPromptOptions {
  readonly isInteractive: boolean
  /** `--yes`: confirms without asking. */
  readonly yes: boolean
  /** Called before a question is shown. */
  readonly before: () => void
  /** Ends an open question, which then throws its reason. */
  readonly signal: AbortSignal
}

/** Questions on the terminal, with inquirer, on standard error. */
export function terminalPrompt({before, isInteractive, signal, yes}: TerminalPromptOptions): Prompt {
  const inquire = async (
    question: (inquirer: PromptModule) => Promise<{answer: unknown}>,
    input: NodeJS.ReadableStream = process.stdin,
  ): Promise<unknown> => {
    const {default: inquirer} = await import('inquirer')
    before()
    try {
      return (await question(inquirer.createPromptModule({input, output: process.stderr, signal}))).answer
    } catch (error) {
      // A signal from outside, or Ctrl-C before the terminal is in raw mode.
      signal.throwIfAborted()
      if (error instanceof Error && error.name === 'ExitPromptError') throw new InterruptedError('SIGINT')
      throw error
    }
  }

  return {
    isInteractive,
    async confirm(question, {flag, yesIsDefault = false, yesIsNoAnswer = false}) {
      if (yes && !yesIsNoAnswer) return true
      if (!isInteractive) throw missingInput(question, flag)
      const message = printable(question)
      return (await inquire((ask) => ask([{type: 'confirm', name: 'answer', message, default: yesIsDefault}]))) === true
    },
    async choose<T>(question: string, choices: readonly Choice<T>[], {flag, isList, typed}: ChooseOptions<T>) {
      if (!isInteractive) throw missingInput(question, flag)
      const message = printable(question)
      if (isList === true) {
        const rows = choices.map(({name, value}) => ({name: printable(name), value: {chosen: value}}))
        const source = (text = '') => {
          const meaning = typed?.(text)
          const own = meaning === undefined ? undefined : {name: printable(text.trim()), value: {chosen: meaning}}
          return [...searchRows(rows, text, own)]
        }
        using input = new KeyInput(process.stdin)
        const answer = await inquire((ask) => ask([{type: 'search', name: 'answer', message, source}]), input)
        return (answer as {chosen: T}).chosen
      }
      const rows = choices.map(({name}, index) => ({name: printable(name), value: index}))
      const answer = await inquire((ask) => ask([{type: 'select', name: 'answer', message, choices: rows}]))
      const chosen = choices[Number(answer)]
      if (chosen === undefined) throw new Error('an answer that was not offered')
      return chosen.value
    },
    async text(question, {flag, validate}) {
      if (!isInteractive) throw missingInput(question, flag)
      const message = printable(question)
      const check = validate ?? (() => true as const)
      return String(await inquire((ask) => ask([{type: 'input', name: 'answer', message, validate: check}])))
    },
  }
}
