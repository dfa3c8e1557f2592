import type {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {engineBrokeOff} from './engine-error.js'
import type {Engine} from './engine.js'
import {splitFrames, type OutputPart} from './multiplexed.js'
import type {TerminalSize} from './types.js'

/** A command to run in a container that runs already. */
export interface ExecRequest {
  /** The program and its arguments; no shell is between. */
  readonly command: readonly string[]
  /** Whether it gets a terminal: one stream of bytes, in which control characters count. */
  readonly tty: boolean
  /** Whether something can be sent to its standard input; a terminal is of use only with it. */
  readonly hasInput: boolean
  /** `KEY=VALUE`, above what the container has. */
  readonly variables?: readonly string[]
  /** User name or id, with `:group` if need be; undefined is the container's own. */
  readonly user?: string | undefined
  /** Undefined is the container's own. */
  readonly workingDirectory?: string | undefined
  readonly privileged?: boolean
  /** Of its terminal when it starts; engines before API 1.42 give it one only after that. */
  readonly size?: TerminalSize | undefined
}

/** How long an exec may be called running after the last of its output. */
const SETTLE_MILLISECONDS = 1000
const POLL_MILLISECONDS = 20
/**
 * What is to be typed to leave a terminal: nobody does. Docker's own keys hold each Ctrl-P back until the next key, and engines lose
 * sight of an exec that was left by them, or end it (20.10.24, 28.5.2).
 */
const DETACH_KEYS = 'ctrl-@,ctrl-_,ctrl-@,ctrl-_'
/** A terminal has a size only once the process runs, which may take a moment. */
const MOST_RESIZES = 100

/** A command that runs in a container by exec. The connection is its own; whoever starts it closes it, at best by `using`. */
export class RunningExec implements Disposable {
  private constructor(
    private readonly engine: Engine,
    readonly id: string,
    private readonly stream: Duplex,
    readonly tty: boolean,
  ) {
    // A write that comes too late; how things really ended is what `exitCode` tells.
    stream.on('error', () => undefined)
  }

  /** @throws EngineError 404 and 409 for a container that is not there or does not run */
  static async start(engine: Engine, container: string, request: ExecRequest): Promise<RunningExec> {
    const id = await engine.createExec(container, {...execConfig(request), AttachStdout: true, AttachStderr: true})
    return new RunningExec(engine, id, await engine.openExec(id, request), request.tty)
  }

  /** What it prints, to its end; with a terminal all of it is standard output. A connection that is lost ends it, too. */
  async *output(): AsyncGenerator<OutputPart> {
    try {
      if (!this.tty) yield* splitFrames(this.stream)
      else for await (const bytes of this.stream as AsyncIterable<Buffer>) yield {channel: 'stdout', bytes}
    } catch {
      // What became of it is asked of the engine: see exitCode.
    }
  }

  /** Sends bytes to its standard input. @returns once more can be sent */
  async send(bytes: Buffer | string): Promise<void> {
    if (!this.stream.writable || this.stream.write(bytes)) return
    await new Promise<void>((resolve) => {
      const events = ['drain', 'close', 'error'] as const
      const settle = (): void => {
        for (const event of events) this.stream.off(event, settle)
        resolve()
      }
      for (const event of events) this.stream.on(event, settle)
    })
  }

  /** Ends its standard input; what it prints still comes. */
  endInput(): void {
    this.stream.end()
  }

  /** Gives its terminal a size; one that has ended meanwhile needs none. */
  async resize(size: TerminalSize): Promise<void> {
    for (let attempt = 1; attempt <= MOST_RESIZES && !this.stream.destroyed; attempt++) {
      try {
        await this.engine.resizeExec(this.id, size)
        return
      } catch {
        await sleep(POLL_MILLISECONDS)
      }
    }
  }

  /**
   * How it ended, to be asked once its output has. @returns undefined where it goes on: the connection was lost
   * @throws MissingError `engine-lost`; FailedError `engine-broke-off`
   */
  async exitCode(): Promise<number | undefined> {
    const until = Date.now() + SETTLE_MILLISECONDS
    for (;;) {
      const details = await this.engine.exec(this.id)
      // An engine that was started anew knows nothing of it.
      if (details === undefined) throw engineBrokeOff(undefined)
      if (!details.Running && details.ExitCode !== null) return details.ExitCode
      if (Date.now() > until) return undefined
      await sleep(POLL_MILLISECONDS)
    }
  }

  [Symbol.dispose](): void {
    this.stream.destroy()
  }
}

/** Runs a command in a container, and leaves it running there. @returns the id of the exec */
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
