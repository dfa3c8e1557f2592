import type {createPromptModule} from 'inquirer'
import {InterruptedError, UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** One of the answers to a question. */
export interface Choice<T> {
  readonly name: string
  readonly value: T
}

/** How services ask the person at the terminal; every question names the flag that answers it. */
export interface Questions {
  /** Whether somebody can answer. */
  readonly possible: boolean
  /** @throws UsageError `input-missing` naming `flag` when nobody can answer. */
  confirm(question: string, options: {flag: string}): Promise<boolean>
  /** @throws UsageError `input-missing` naming `flag` when nobody can answer. */
  choose<T>(question: string, choices: readonly Choice<T>[], options: {flag: string}): Promise<T>
  /** @throws UsageError `input-missing` naming `flag` when nobody can answer. */
  text(question: string, options: {flag: string; validate?: (answer: string) => true | string}): Promise<string>
}

/** The error for input that is missing where nobody can be asked. */
export function missingInput(question: string, flag: string): UsageError {
  return new UsageError(`Nobody can be asked here: ${printable(question)}`, {
    code: 'input-missing',
    hint: `Answer it on the command line with ${flag}.`,
  })
}

type PromptModule = ReturnType<typeof createPromptModule>

/** What terminalQuestions needs to know. */
export interface TerminalQuestionsOptions {
  readonly possible: boolean
  /** `--yes`: confirmations are given without being asked for. */
  readonly yes: boolean
  /** Called before a question is shown. */
  readonly before: () => void
  /** Ends a question that nobody has answered yet; its reason is what is thrown then. */
  readonly signal: AbortSignal
}

/** Questions on the terminal, through inquirer, written to standard error. */
export function terminalQuestions({before, possible, signal, yes}: TerminalQuestionsOptions): Questions {
  const inquire = async (question: (inquirer: PromptModule) => Promise<{answer: unknown}>): Promise<unknown> => {
    const {default: inquirer} = await import('inquirer')
    before()
    try {
      return (await question(inquirer.createPromptModule({output: process.stderr, signal}))).answer
    } catch (error) {
      // A signal from outside, or Ctrl-C before the terminal hands on its keys one by one.
      signal.throwIfAborted()
      if (error instanceof Error && error.name === 'ExitPromptError') throw new InterruptedError('SIGINT')
      throw error
    }
  }

  return {
    possible,
    async confirm(question, {flag}) {
      if (yes) return true
      if (!possible) throw missingInput(question, flag)
      const message = printable(question)
      return (await inquire((ask) => ask([{type: 'confirm', name: 'answer', message, default: false}]))) === true
    },
    async choose<T>(question: string, choices: readonly Choice<T>[], {flag}: {flag: string}) {
      if (!possible) throw missingInput(question, flag)
      const message = printable(question)
      const rows = choices.map(({name}, index) => ({name: printable(name), value: index}))
      const answer = await inquire((ask) => ask([{type: 'select', name: 'answer', message, choices: rows}]))
      const chosen = choices[Number(answer)]
      if (chosen === undefined) throw new Error('an answer that was not offered')
      return chosen.value
    },
    async text(question, {flag, validate}) {
      if (!possible) throw missingInput(question, flag)
      const message = printable(question)
      const check = validate ?? (() => true as const)
      return String(await inquire((ask) => ask([{type: 'input', name: 'answer', message, validate: check}])))
    },
  }
}
