// Imported one by one: oclif's index loads all of it, and semver.
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import type {FlagInput, Input, ParserOutput} from '@oclif/core/interfaces'
import {toConfiguredId} from '@oclif/core/util/ids'
import {Cleanup} from '../async/cleanup.js'
import {invalidNote, type ReportedInvalid} from '../config/invalid-note.js'
import {connectionEnvironment, connectionArguments, type ConnectionFlags} from '../engine/connection-environment.js'
import {errorJson, InterruptedError, KegError, STOP_SIGNALS} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {currentFolder} from '../process/current-folder.js'
import {withHintEngine, commandLine} from '../terminal/command-line.js'
import {ProgressDisplay} from '../terminal/progress-display.js'
import {silent} from '../terminal/progress.js'
import {terminalPrompt, type Prompt} from '../terminal/prompt.js'
import {isTruthy, isInteractive} from '../terminal/interaction.js'
import {makeWork, type Work} from '../work/work.js'
import {showError, showText} from './show-error.js'
import {wrongUsage} from './wrong-usage.js'

/** oclif adds it itself, and does not list it. */
const JSON_FLAG = {name: 'json', type: 'boolean', allowNo: false} as const

/** The flags that all commands share, parsed. */
export interface SharedFlags {
  readonly context?: string | undefined
  readonly host?: string | undefined
  readonly 'no-input': boolean
  readonly quiet: boolean
  readonly yes: boolean
}

/** Flags and arguments as oclif's parser returns them. */
type ParsedValues = Record<string, unknown>

/**
 * What all commands of keg share: common flags, questions, progress on standard error, one error format with its exit code,
 * and signals that abort the work through an AbortSignal, so that services can clean up.
 */
export abstract class KegCommand extends Command {
  static override baseFlags = {
    // No `env` for these two: connectionEnvironment decides which variable takes precedence.
    context: Flags.string({
      char: 'c',
      description: 'Docker context to use (default: DOCKER_CONTEXT, then the current context).',
      exclusive: ['host'],
      helpGroup: 'GLOBAL',
      helpValue: 'NAME',
    }),
    host: Flags.string({
      char: 'H',
      description: 'Engine to connect to: unix://, tcp:// or ssh:// (default: DOCKER_HOST).',
      exclusive: ['context'],
      helpGroup: 'GLOBAL',
      helpValue: 'ADDRESS',
    }),
    'no-input': Flags.boolean({description: 'Never ask; missing input is an error.', helpGroup: 'GLOBAL'}),
    quiet: Flags.boolean({char: 'q', description: 'Print only the one identifier that matters.', helpGroup: 'GLOBAL'}),
    yes: Flags.boolean({
      char: 'y',
      description: 'Answer yes to every question that has no flag of its own.',
      helpGroup: 'GLOBAL',
    }),
  }
  static override enableJsonFlag = true

  /** Which invalid entries of the user configuration the command reports itself. */
  protected readonly reportedInvalid: ReportedInvalid = 'none'
  readonly #abort = new AbortController()
  readonly #display = new ProgressDisplay(process.stderr)
  #cleanup = new Cleanup()
  #work: Work | undefined
  #onSignal: ((signal: NodeJS.Signals) => void) | undefined
  /** The engine that suggested keg and docker command lines name; known once the flags are parsed. */
  readonly #hintEngine = {args: [] as readonly string[]}

  /** Aborted by SIGINT, SIGTERM and SIGHUP, with an InterruptedError as its reason. */
  protected get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** What services work with: one for the whole command, disposed when the command ends. */
  protected work(flags: SharedFlags): Work {
    const isSilent = this.jsonEnabled() || flags.quiet
    return (this.#work ??= makeWork({
      currentFolder,
      // With the engine that `--host` or `--context` names.
      environment: connectionEnvironment(process.env, flags),
      signal: this.signal,
      prompt: this.#prompt(flags),
      progress: isSilent ? silent : this.#display.listen,
      notice: (line) => this.notice(flags, line),
      cleanup: this.#cleanup,
    }))
  }

  /** How services ask. Nobody is asked without a terminal, in CI, with `--json` or with `--no-input`. */
  #prompt(flags: SharedFlags): Prompt {
    const canPrompt = isInteractive({
      stdinIsTerminal: process.stdin.isTTY,
      stderrIsTerminal: process.stderr.isTTY,
      environment: process.env,
      json: this.jsonEnabled(),
      noInput: flags['no-input'],
    })
    return terminalPrompt({
      isInteractive: canPrompt,
      yes: flags.yes,
      before: () => this.#display.clear(),
      signal: this.#abort.signal,
    })
  }

  /** Shows the current state as one line that is erased again, only on a terminal. */
  protected show(flags: SharedFlags, text: string): void {
    if (!this.jsonEnabled() && !flags.quiet) this.#display.show(text)
  }

  /** Prints a result on a clean line. */
  override log(message?: string, ...parameters: unknown[]): void {
    this.#display.clear()
    super.log(message, ...parameters)
  }

  /** Prints a line for the user on standard error, apart from the result. */
  protected notice(flags: SharedFlags, text: string): void {
    if (this.jsonEnabled() || flags.quiet) return
    this.#display.clear()
    showText(text)
  }

  protected override async parse<F extends ParsedValues, B extends ParsedValues, A extends ParsedValues>(
    options?: Input<F, B, A>,
    argv?: string[],
  ): Promise<ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv)
    this.#hintEngine.args = connectionArguments(parsed.flags as ConnectionFlags)
    setAbsentFlags(parsed.flags, {...this.ctor.baseFlags, ...this.ctor.flags})
    if (this.jsonEnabled() || property(parsed.flags, 'quiet') === true) return parsed
    const note = await invalidNote(process.env, this.reportedInvalid)
    if (note !== undefined) process.stderr.write(`${note}\n`)
    return parsed
  }

  protected override async _run<T>(): Promise<T> {
    const run: () => Promise<unknown> = this.run.bind(this)
    // Inside oclif's run, so that an error while cleaning up is handled like any other error of the command.
    this.run = async () => {
      await using cleanup = new Cleanup()
      this.#cleanup = cleanup
      return await run()
    }
    return withHintEngine(this.#hintEngine, async () => super._run<T>())
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
    // `keg ... | head` closes the pipe, and a terminal can go away: output that cannot be shown any more is no error. oclif
    // would throw for a closed terminal.
    for (const output of [process.stdout, process.stderr])
      output.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
      })
  }

  protected override async catch(error: Error & {exitCode?: number}): Promise<unknown> {
    this.#display.clear()
    // Whatever an aborted stream or request throws: the reason is the signal.
    const reason: unknown = this.#abort.signal.aborted
      ? withCleanupError(this.#abort.signal.reason, error)
      : await wrongUsage(firstError(error), {
          command: `${this.config.bin} ${toConfiguredId(this.id ?? '', this.config)}`,
          flags: {...this.ctor.baseFlags, ...this.ctor.flags, ...(this.ctor.enableJsonFlag && {json: JSON_FLAG})},
        })
    if (isOclifError(reason)) return super.catch(error)
    const shown = reason instanceof KegError ? reason : await this.#unexpected(reason)
    showError(shown, {json: this.jsonEnabled()})
    if (this.jsonEnabled()) {
      process.exitCode = shown.exitCode
      return undefined
    }
    if (isTruthy(process.env.KEG_DEBUG) && reason instanceof KegError && reason.cause instanceof Error)
      process.stderr.write(`${reason.cause.stack ?? ''}\n`)
    return this.exit(shown.exitCode)
  }

  /** An error that keg did not expect. Loaded only when needed: a command that works never needs it. */
  async #unexpected(fault: unknown): Promise<KegError> {
    const {unexpectedError} = await import('./unexpected-error.js')
    return unexpectedError(fault, {
      pjson: this.ctor.plugin?.pjson ?? this.config.pjson,
      argv: [...(this.id ?? '').split(':'), ...this.argv],
      environment: process.env,
      write: (text) => process.stderr.write(text),
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

/**
 * oclif leaves a boolean flag that was not given undefined, whatever its type says. A flag with a `--no-` form stays
 * undefined.
 */
function setAbsentFlags(flags: ParsedValues, definitions: FlagInput): void {
  for (const [name, definition] of Object.entries(definitions))
    if (definition.type === 'boolean' && !definition.allowNo) flags[name] ??= false
}

/** Whether an error only ends the program, as `this.exit` does, or is one of oclif's own errors, whichever copy of oclif threw it. */
function isOclifError(error: unknown): boolean {
  return property(error, 'oclif') !== undefined
}

/** Adds a cleanup error to a signal's reason, so that both are reported. */
export function withCleanupError(reason: unknown, error: unknown): unknown {
  const problem = isSuppressed(error) ? property(error, 'error') : error
  if (!(reason instanceof InterruptedError) || !(problem instanceof KegError) || problem === reason) return reason
  const hint = `Something temporary may be left (${problem.message}). Remove it with: ${commandLine`keg doctor --fix`}`
  return new InterruptedError(reason.signal, {hint, cause: problem})
}

function isSuppressed(error: unknown): boolean {
  return error instanceof Error && error.name === 'SuppressedError'
}

/** Cleaning up failed after something else had: the user has to know the first error. */
function firstError(error: unknown): unknown {
  return isSuppressed(error) ? firstError(property(error, 'suppressed')) : error
}
