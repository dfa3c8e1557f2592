import {randomUUID} from 'node:crypto'
import {EngineError, engineBrokeOff} from '../engine/engine-error.js'
import type {Engine} from '../engine/engine.js'
import {RunningExec, type ExecRequest} from '../engine/exec.js'
import type {ContainerDetails} from '../engine/types.js'
import {RunError} from '../container/run-error.js'
import {nameOf} from '../target/find-target.js'
import {printable} from '../terminal/text.js'
import {CTRL_C, endProgram, EXEC_MARK} from './end-program.js'
import {handOnInput, type InputKind} from './exec-input.js'
import type {ExecStreams} from './exec-streams.js'
import {OutputSink} from './output-sink.js'
import {awaitStop} from './await-stop.js'

/** A command to be run in a container and followed to its end. */
export interface RunExecOptions extends Omit<ExecRequest, 'hasInput' | 'size' | 'variables'> {
  readonly engine: Engine
  readonly container: Pick<ContainerDetails, 'Id' | 'Name'>
  /** `KEY=VALUE` */
  readonly variables?: readonly string[]
  readonly streams: ExecStreams
  /** What it gets of keg's standard input. */
  readonly input: InputKind
  /** What is typed at its terminal to end it, one after the other, where a signal comes to keg; default: Ctrl-C. */
  readonly endKeys?: readonly string[]
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** How long it may take to end, after each time that it was told to. */
  readonly patienceMilliseconds?: number
}

/**
 * Runs a command in a container and follows it to its end; a signal to keg ends it there. A terminal here is left as it was found.
 * @returns its exit code; 130 or 143 where a signal ended it, 126 and 127 where it could not be started
 * @throws RunError `exec-failed` (exit code 125, or 126 for a user that there is not); MissingError `engine-lost`
 */
export async function runExec(options: RunExecOptions): Promise<number> {
  const {engine, container, input, signal, streams, tty} = options
  signal.throwIfAborted()
  const mark = randomUUID()
  using exec = await start(options, mark)
  const isInteractive = input === 'keys'
  const stdout = new OutputSink(streams.stdout, {tty, isInteractive})
  const stderr = new OutputSink(streams.stderr, {tty, isInteractive})
  using handedOn = handOnInput(exec, streams, input)

  const print = async (): Promise<void> => {
    for await (const {bytes, channel} of exec.output()) await (channel === 'stdout' ? stdout : stderr).write(bytes)
    await Promise.all([stdout.close(), stderr.close()])
  }
  const printed = print()
  const stop = awaitStop(streams, signal)
  try {
    const stopSignal = await Promise.race([printed.then(() => undefined), stop.came])
    if (stopSignal === undefined) return await endOf(exec)
    handedOn[Symbol.dispose]()
    const {user} = options
    const keys = options.endKeys ?? [CTRL_C]
    const {patienceMilliseconds} = options
    const hasEnded = await endProgram({
      engine,
      container: container.Id,
      exec,
      mark,
      user,
      keys,
      stopSignal: stopSignal.signal,
      over: printed,
      ...(patienceMilliseconds !== undefined && {patienceMilliseconds}),
    })
    if (!hasEnded) options.say(goesOn(container))
    return stopSignal.exitCode
  } finally {
    stop.forget()
  }
}

async function start({container, engine, input, streams, variables = [], ...request}: RunExecOptions, mark: string) {
  const {tty} = request
  const {columns = 0, rows = 0} = streams.stdout ?? {}
  const hasSize = input === 'keys' && columns > 0 && rows > 0
  try {
    return await RunningExec.start(engine, container.Id, {
      ...request,
      // By its standard input Ctrl-C comes to a terminal.
      hasInput: tty || input !== 'nothing',
      ...(hasSize && {size: {columns, rows}}),
      variables: tty ? variables : [...variables, `${EXEC_MARK}=${mark}`],
    })
  } catch (error) {
    throw execError(error, container)
  }
}

/** The error for a command that the engine did not start. */
export function execError(error: unknown, container: Pick<ContainerDetails, 'Name'>): unknown {
  if (!(error instanceof EngineError)) return error
  const isUser = /unable to find (?:user|group)/i.test(error.said)
  return new RunError(`Nothing can be run in ${printable(nameOf(container))}: ${error.said}`, {
    code: 'exec-failed',
    hint: isUser ? 'Name a user that the container knows, or the number of one.' : 'See how it is with: docker ps -a',
    exitCode: isUser ? 126 : 125,
    cause: error,
  })
}

async function endOf(exec: RunningExec): Promise<number> {
  const exitCode = await exec.exitCode()
  if (exitCode === undefined) throw engineBrokeOff(undefined)
  return exitCode
}

function goesOn(container: Pick<ContainerDetails, 'Name'>): string {
  const name = printable(nameOf(container))
  return `Warning: The program did not end, and goes on in ${name}. With all else there it ends by: docker restart ${name}`
}
