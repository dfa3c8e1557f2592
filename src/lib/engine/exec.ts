import type {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {engineBrokeOff} from './engine-error.js'
import type {Engine} from './engine.js'
import {outputParts, type OutputPart} from './multiplexed.js'
import type {TerminalSize} from './types.js'

/** A command to run in a running container. */
export interface ExecRequest {
  /** The program and its arguments, without a shell. */
  readonly command: readonly string[]
  /** Whether it gets a terminal: one stream of bytes, which interprets control characters. */
  readonly tty: boolean
  /** Whether its standard input is open; a terminal is only useful with it. */
  readonly hasInput: boolean
  /** `KEY=VALUE`; they override the container's. */
  readonly variables?: readonly string[]
  /** User name or id, optionally with `:group`; undefined is the container's own. */
  readonly user?: string | undefined
  /** Undefined is the container's own. */
  readonly workingDirectory?: string | undefined
  readonly privileged?: boolean
  /** The size of its terminal at the start; before API 1.42 it is set after the start. */
  readonly size?: TerminalSize | undefined
}

/** How long the engine may report an exec as running after the end of its output. */
const SETTLE_MILLISECONDS = 1000
const POLL_MILLISECONDS = 20
/**
 * The keys that detach from a terminal: nobody types these. Docker's default keys hold each Ctrl-P back until the next key,
 * and engines lose track of a detached exec, or end it (20.10.24, 28.5.2).
 */
const DETACH_KEYS = 'ctrl-@,ctrl-_,ctrl-@,ctrl-_'
/** A terminal can only be resized once the process runs, which may take a moment. */
const MAX_RESIZES = 100

/** A command that runs in a container by exec, on its own connection. Whoever starts it closes it, preferably by `using`. */
export class RunningExec implements Disposable {
  private constructor(
    private readonly engine: Engine,
    readonly id: string,
    private readonly stream: Duplex,
    readonly tty: boolean,
  ) {
    // Ignores a write that comes too late; `exitCode` tells how it really ended.
    stream.on('error', () => undefined)
  }

  /** @throws EngineError 404 or 409 if the container does not exist or does not run */
  static async start(engine: Engine, container: string, request: ExecRequest): Promise<RunningExec> {
    const id = await engine.createExec(container, {...execConfig(request), AttachStdout: true, AttachStderr: true})
    return new RunningExec(engine, id, await engine.openExec(id, request), request.tty)
  }

  /** Its output until the end; with a terminal all of it is standard output. A lost connection ends it too. */
  async *output(): AsyncGenerator<OutputPart> {
    try {
      yield* outputParts(this.stream, this.tty)
    } catch {
      // exitCode asks the engine how it ended.
    }
  }

  /** Sends bytes to its standard input. @returns once it can take more */
  async send(bytes: Buffer | string): Promise<void> {
    if (!this.stream.writable || this.stream.write(bytes)) return
    await new Promise<void>((resolve) => {
      const events = ['drain', 'close', 'error'] as const
      const onEvent = (): void => {
        for (const event of events) this.stream.off(event, onEvent)
        resolve()
      }
      for (const event of events) this.stream.on(event, onEvent)
    })
  }

  /** Ends its standard input; its output continues. */
  endInput(): void {
    this.stream.end()
  }

  /** Resizes its terminal; ignores an exec that has ended. */
  async resize(size: TerminalSize): Promise<void> {
    for (let attempt = 1; attempt <= MAX_RESIZES && !this.stream.destroyed; attempt++) {
      try {
        await this.engine.resizeExec(this.id, size)
        return
      } catch {
        await sleep(POLL_MILLISECONDS)
      }
    }
  }

  /** Whether its process was ever started; an engine that does not say so counts as if it was. */
  async hasStarted(): Promise<boolean> {
    return (await this.engine.exec(this.id).catch(() => undefined))?.Pid !== 0
  }

  /**
   * The exit code; call it after the end of the output. @returns undefined if it still runs: the connection was lost
   * @throws MissingError `engine-lost`; FailedError `engine-broke-off`
   */
  async exitCode(): Promise<number | undefined> {
    const deadline = Date.now() + SETTLE_MILLISECONDS
    for (;;) {
      const details = await this.engine.exec(this.id)
      // A restarted engine does not know the exec any more.
      if (details === undefined) throw engineBrokeOff(undefined)
      if (!details.Running && details.ExitCode !== null) return details.ExitCode
      if (Date.now() > deadline) return undefined
      await sleep(POLL_MILLISECONDS)
    }
  }

  [Symbol.dispose](): void {
    this.stream.destroy()
  }
}

/** Runs a command in a container, detached. @returns the id of the exec */
export async function startDetached(
  engine: Engine,
  container: string,
  request: Omit<ExecRequest, 'hasInput'>,
): Promise<string> {
  const id = await engine.createExec(container, execConfig({...request, hasInput: false}))
  await engine.startExec(id)
  return id
}

function execConfig(request: ExecRequest): object {
  const {command, hasInput, privileged, size, tty, user, variables, workingDirectory} = request
  return {
    Cmd: command,
    Tty: tty,
    AttachStdin: hasInput,
    ...(tty && {DetachKeys: DETACH_KEYS}),
    ...(size !== undefined && {ConsoleSize: [size.rows, size.columns]}),
    ...(variables !== undefined && variables.length > 0 && {Env: variables}),
    ...(user !== undefined && {User: user}),
    ...(workingDirectory !== undefined && {WorkingDir: workingDirectory}),
    ...(privileged === true && {Privileged: true}),
  }
}
