import {randomUUID} from 'node:crypto'
import {engineBrokeOff} from '../../engine/engine-error.js'
import {RunningExec, type ExecRequest} from '../../engine/exec.js'
import type {OutputPart} from '../../engine/multiplexed.js'
import type {ContainerDetails} from '../../engine/types.js'
import {commandLine} from '../../terminal/command-line.js'
import {CTRL_C, endProgram, EXEC_MARK} from './end-program.js'
import {execError, isRefusal, notStarted} from './exec-error.js'
import {forwardInput, type InputKind} from './exec-input.js'
import type {ExecStreams} from './exec-streams.js'
import type {ExecLog} from './log/exec-log.js'
import {OutputSink} from './output-sink.js'
import {awaitStop} from './await-stop.js'
import {shownName} from '../container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A command to run in a container and follow to its end. */
export interface RunExecOptions extends Omit<ExecRequest, 'hasInput' | 'size' | 'variables'> {
  readonly container: Pick<ContainerDetails, 'Id' | 'Name'>
  /** `KEY=VALUE` */
  readonly variables?: readonly string[]
  readonly streams: ExecStreams
  /** What it gets from keg's standard input. */
  readonly input: InputKind
  /** A log that also gets its output. */
  readonly log?: Pick<ExecLog, 'write'>
  /** The keys that end it at its terminal when keg gets a signal, one after the other; default: Ctrl-C. */
  readonly endKeys?: readonly string[]
  /** How long it may take to end after each attempt. */
  readonly patienceMilliseconds?: number
}

/**
 * Runs a command in a container and follows it to its end; a signal to keg ends it. Restores this terminal.
 * @returns its exit code; 130 or 143 if a signal ended it
 * @throws RunError `exec-failed` if it could not be started (exit code 127 if there is no such program, 126 if it or the user
 * cannot be used, otherwise 125); MissingError `engine-lost`
 */
export async function runExec(
  work: Pick<EngineWork, 'engine' | 'notice' | 'signal'>,
  options: RunExecOptions,
): Promise<number> {
  const {signal} = work
  const {container, input, streams, tty} = options
  signal.throwIfAborted()
  const mark = randomUUID()
  using exec = await start(work, options, mark)
  const isInteractive = input === 'keys'
  const stdout = new OutputSink(streams.stdout, {tty, isInteractive})
  const stderr = new OutputSink(streams.stderr, {tty, isInteractive})
  using forwarding = forwardInput(exec, streams, input)

  /** What may be the engine's message instead of output. */
  let refusal: OutputPart | undefined
  const write = ({bytes, channel}: OutputPart): Promise<void> => (channel === 'stdout' ? stdout : stderr).write(bytes)
  const print = async (): Promise<void> => {
    let isFirst = true
    for await (const part of exec.output()) {
      options.log?.write(part)
      if (refusal !== undefined) await write(refusal)
      refusal = isFirst && isRefusal(part) ? part : undefined
      isFirst = false
      if (refusal === undefined) await write(part)
    }
    if (refusal !== undefined && (await exec.hasStarted())) {
      await write(refusal)
      refusal = undefined
    }
    await Promise.all([stdout.close(), stderr.close()])
  }
  const printed = print()
  const stop = awaitStop(streams, signal)
  try {
    const stopSignal = await Promise.race([printed.then(() => undefined), stop.came])
    if (stopSignal === undefined) {
      if (refusal !== undefined) throw notStarted(String(refusal.bytes), options)
      return await endOf(exec)
    }
    forwarding[Symbol.dispose]()
    const {user} = options
    const keys = options.endKeys ?? [CTRL_C]
    const {patienceMilliseconds} = options
    const hasEnded = await endProgram(work, {
      container: container.Id,
      exec,
      mark,
      user,
      keys,
      stopSignal: stopSignal.signal,
      ended: printed,
      ...(patienceMilliseconds !== undefined && {patienceMilliseconds}),
    })
    if (!hasEnded) work.notice(stillRunningNotice(container))
    return stopSignal.exitCode
  } finally {
    stop.forget()
  }
}

async function start(
  {engine}: Pick<EngineWork, 'engine'>,
  {container, input, streams, variables = [], ...request}: RunExecOptions,
  mark: string,
) {
  const {tty} = request
  const {columns = 0, rows = 0} = streams.stdout ?? {}
  const hasSize = input === 'keys' && columns > 0 && rows > 0
  try {
    return await RunningExec.start(engine, container.Id, {
      ...request,
      // Ctrl-C reaches its terminal through standard input.
      hasInput: tty || input !== 'nothing',
      ...(hasSize && {size: {columns, rows}}),
      variables: tty ? variables : [...variables, `${EXEC_MARK}=${mark}`],
    })
  } catch (error) {
    throw execError(error, {container, ...request})
  }
}

async function endOf(exec: RunningExec): Promise<number> {
  const exitCode = await exec.exitCode()
  if (exitCode === undefined) throw engineBrokeOff(undefined)
  return exitCode
}

function stillRunningNotice(container: Pick<ContainerDetails, 'Name'>): string {
  const name = shownName(container)
  return `Warning: The program did not end, and is still running in ${name}. Restart the container to end it: ${commandLine`docker restart ${name}`}`
}
