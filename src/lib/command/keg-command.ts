// Each from its own place: the index of oclif loads all of it, and semver.
import {Command} from '@oclif/core/command'
import {CLIError, ExitError} from '@oclif/core/errors'
import * as Flags from '@oclif/core/flags'
import {toConfiguredId} from '@oclif/core/util/ids'
import {stripVTControlCharacters} from 'node:util'
import {connectionEnvironment} from '../engine/connection-environment.js'
import {errorJson, InterruptedError, KegError, STOP_SIGNALS, UsageError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {ProgressDisplay} from '../terminal/progress-display.js'
import {silent, type ProgressListener} from '../terminal/progress.js'
import {printable} from '../terminal/text.js'
import {terminalQuestions, type Questions} from './ask.js'
import {isTruthy, mayAsk} from './interaction.js'

/** The flags every command shares, once parsed. */
export interface SharedFlags {
  readonly context?: string | undefined
  readonly host?: string | undefined
  readonly 'no-input': boolean
  readonly quiet: boolean
  readonly yes: boolean
}

/**
 * What all commands of keg share: common flags, questions, progress on standard error, one error format with its exit
 * code, and signals that end the work through an AbortSignal, so that services can clean up behind themselves.
 */
export abstract class KegCommand extends Command {
  static override baseFlags = {
    // No `env` in these two: which variable stands above which is decided where the engine is looked for.
    context: Flags.string({
      char: 'c',
      description: 'Context of docker whose engine is used (default: DOCKER_CONTEXT, then the current one).',
      exclusive: ['host'],
      helpGroup: 'GLOBAL',
      helpValue: 'NAME',
    }),
    host: Flags.string({
      char: 'H',
      description: 'Where the engine listens: unix://, tcp:// or ssh:// (default: DOCKER_HOST).',
      exclusive: ['context'],
      helpGroup: 'GLOBAL',
      helpValue: 'ADDRESS',
    }),
    'no-input': Flags.boolean({description: 'Never ask; what is missing is an error.', helpGroup: 'GLOBAL'}),
    quiet: Flags.boolean({char: 'q', description: 'Print only the one identifier that matters.', helpGroup: 'GLOBAL'}),
    yes: Flags.boolean({
      char: 'y',
      description: 'Answer yes to every question of the kind "go on?".',
      helpGroup: 'GLOBAL',
    }),
  }
  static override enableJsonFlag = true

  readonly #abort = new AbortController()
  readonly #display = new ProgressDisplay(process.stderr)
  #onSignal: ((signal: NodeJS.Signals) => void) | undefined

  /** Aborted by SIGINT, SIGTERM and SIGHUP, with an InterruptedError as its reason. */
  protected get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Where services report; silent with `--json` and `--quiet`. */
  protected progress(flags: SharedFlags): ProgressListener {
    return this.jsonEnabled() || flags.quiet ? silent : this.#display.listen
  }

  /** The environment for services and for what they start: it leads to the engine that `--host` or `--context` names. */
  protected environment(flags: SharedFlags): NodeJS.ProcessEnv {
    return connectionEnvironment(process.env, flags)
  }

  /** How services ask; nobody is asked without a terminal, in CI, with `--json` or `--no-input`. */
  protected questions(flags: SharedFlags): Questions {
    const possible = mayAsk({
      stdinIsTerminal: process.stdin.isTTY,
      stderrIsTerminal: process.stderr.isTTY,
      environment: process.env,
      json: this.jsonEnabled(),
      noInput: flags['no-input'],
    })
    return terminalQuestions({
      possible,
      yes: flags.yes,
      before: () => this.#display.clear(),
      signal: this.#abort.signal,
    })
  }

  /** How things are at the moment, as one line that goes again: for the person at the terminal alone. */
  protected show(flags: SharedFlags, text: string): void {
    if (!this.jsonEnabled() && !flags.quiet) this.#display.show(text)
  }

  /** A result, on a clean line. */
  override log(message?: string, ...parameters: unknown[]): void {
    this.#display.clear()
    super.log(message, ...parameters)
  }

  /** A line for the person at the terminal: standard error, never in the way of the result. */
  protected tell(flags: SharedFlags, text: string): void {
    if (this.jsonEnabled() || flags.quiet) return
    this.#display.clear()
    process.stderr.write(`${printable(text, {keepLines: true})}\n`)
  }

  protected override async init(): Promise<void> {
    await super.init()
    this.#onSignal = (signal) => {
      const stop = STOP_SIGNALS.find((name) => name === signal)
      if (stop === undefined) return
      this.#display.clear()
      if (!this.#abort.signal.aborted) this.#abort.abort(new InterruptedError(stop))
      else process.stderr.write('Still cleaning up.\n')
    }
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onSignal)
    // `keg ... | head` closes the pipe, and a terminal may be gone: what cannot be shown any more is no error. oclif takes the second
    // for one.
    for (const output of [process.stdout, process.stderr])
      output.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
      })
  }

  protected override async catch(error: Error & {exitCode?: number}): Promise<unknown> {
    this.#display.clear()
    // Whatever an aborted stream or request throws on its way out: the reason is the signal.
    const reason: unknown = this.#abort.signal.aborted
      ? withProblem(this.#abort.signal.reason, error)
      : this.#asUsageError(withoutSuppression(error))
    if (!(reason instanceof KegError)) return super.catch(error)
    if (this.jsonEnabled()) {
      this.logJson(this.toErrorJson(reason))
      process.exitCode = reason.exitCode
      return undefined
    }
    process.stderr.write(`Error: ${printable(reason.message, {keepLines: true})}\n`)
    if (reason.hint !== undefined) process.stderr.write(`${printable(reason.hint, {keepLines: true})}\n`)
    if (isTruthy(process.env.KEG_DEBUG) && reason.cause instanceof Error)
      process.stderr.write(`${reason.cause.stack ?? ''}\n`)
    return this.exit(reason.exitCode)
  }

  /** What oclif throws for a command line that it cannot read has other exit codes and another form; ExitError is none. */
  #asUsageError(error: unknown): unknown {
    if (!(error instanceof CLIError) || error instanceof ExitError) return error
    const message = stripVTControlCharacters(error.message).replace(/\nSee more help with --help$/, '')
    const command = toConfiguredId(this.id ?? '', this.config)
    return new UsageError(message, {
      code: 'usage-invalid',
      hint: `All that it takes is shown by: ${this.config.bin} ${command} --help`,
      cause: error,
    })
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#display.clear()
    for (const signal of STOP_SIGNALS) if (this.#onSignal !== undefined) process.off(signal, this.#onSignal)
    await super.finally(error)
  }

  protected override toErrorJson(error: unknown): unknown {
    return error instanceof KegError ? errorJson(error) : super.toErrorJson(error)
  }
}

/** What cleaning up met with after a signal had come is told with it. */
function withProblem(reason: unknown, error: unknown): unknown {
  const problem = isSuppressed(error) ? property(error, 'error') : error
  if (!(reason instanceof InterruptedError) || !(problem instanceof KegError) || problem === reason) return reason
  return new InterruptedError(reason.signal, problem)
}

function isSuppressed(error: unknown): boolean {
  return error instanceof Error && error.name === 'SuppressedError'
}

/** Cleaning up failed after something else had: what went wrong first is what the user has to know. */
function withoutSuppression(error: unknown): unknown {
  return isSuppressed(error) ? withoutSuppression(property(error, 'suppressed')) : error
}
