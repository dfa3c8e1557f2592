import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {startDetached} from '../../engine/exec.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {ExecStreams} from '../../exec/exec-streams.js'
import {execError, runExec} from '../../exec/run-exec.js'
import {imageOf} from '../../target/image-of.js'
import {partOf} from './waiting.js'

/** The tap's command, and where it is to run. */
export interface TapCommandOptions {
  readonly engine: Engine
  /** The tap's main container; it runs. */
  readonly container: ContainerDetails
  /** `--command`: what the tap's run script is to start, handed on as KEG_EXEC_CMD. */
  readonly command: string | undefined
  /** `-e`, as `KEY=VALUE`. */
  readonly variables: readonly string[]
  /** Leaves it running in the container; what it prints goes into the container's log. */
  readonly detach: boolean
  /** Where what it prints goes, and what keys come from; not used with `detach`. */
  readonly streams: ExecStreams
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** How long it may take to end, after each Ctrl-C. */
  readonly patienceMilliseconds?: number
}

/** What became of the tap's command. */
export type TapCommandResult =
  /** It ran to its end, or was ended by a signal to keg. Detached, it ended at once. */
  | {readonly kind: 'ended'; readonly exitCode: number}
  /** It runs, detached. */
  | {readonly kind: 'running'}
  /** It ran before, and was not started again. */
  | {readonly kind: 'ran-already'}
  /** The image says no command, or one that only waits. */
  | {readonly kind: 'none'}

/** How long what runs detached is looked at, so that a command that there is not is told of. */
const SETTLE_MILLISECONDS = 300

/** What a tap's run script is told by: without it that only waits. */
const EXEC_VARIABLE = 'KEG_DOCKER_EXEC=compose-start'

/**
 * Has what a command prints go where the container's own output does, so that it is in the log. That of another user cannot be
 * written to: then it runs without.
 */
const LOGGED =
  'if { : >>/proc/1/fd/1 && : >>/proc/1/fd/2; } 2>/dev/null; then exec >>/proc/1/fd/1 2>>/proc/1/fd/2; fi; exec "$@"'

/**
 * Runs the command of the tap's image (ENTRYPOINT and CMD) in its container, with KEG_DOCKER_EXEC=compose-start, as the container's
 * user in its working directory, unless it runs there already. In the foreground it is followed to its end, and has a terminal
 * whether or not there is one here; Ctrl-C ends it.
 * @throws RunError `exec-failed`; FailedError `image-missing`; MissingError `engine-lost`
 */
export async function runTapCommand(options: TapCommandOptions): Promise<TapCommandResult> {
  const {container, detach, engine, say, signal, streams} = options
  const {Config} = await imageOf(engine, container)
  const command = [...(Config?.Entrypoint ?? []), ...(Config?.Cmd ?? [])]
  if (command.length === 0 || onlyWaits(command)) return {kind: 'none'}
  if (await runs(engine, container, command)) return {kind: 'ran-already'}
  const variables = [
    EXEC_VARIABLE,
    ...(options.command === undefined ? [] : [`KEG_EXEC_CMD=${options.command}`]),
    ...options.variables,
  ]
  signal.throwIfAborted()
  if (detach) return startLogged(engine, container, command, variables)
  const hasKeys = streams.stdin?.isTTY === true && streams.stdout?.isTTY === true
  const {patienceMilliseconds} = options
  const exitCode = await runExec({
    engine,
    container,
    command,
    tty: true,
    variables,
    input: hasKeys ? 'keys' : 'nothing',
    streams,
    say,
    signal,
    ...(patienceMilliseconds !== undefined && {patienceMilliseconds}),
  })
  return {kind: 'ended', exitCode}
}

/** Whether a command is at work that was brought into the container, whoever did that. */
async function runs(engine: Engine, container: ContainerDetails, command: readonly string[]): Promise<boolean> {
  // As it is now: somebody may have been faster.
  const {ExecIDs} = (await engine.container(container.Id)) ?? {}
  const execs = await Promise.all((ExecIDs ?? []).map((id) => engine.exec(id)))
  return execs.some((exec) => {
    if (exec?.Running !== true) return false
    const {arguments: rest, entrypoint} = exec.ProcessConfig
    // Before it may stand what has its output logged.
    const words = [entrypoint, ...(rest ?? [])].slice(-command.length)
    return words.length === command.length && words.every((word, index) => word === command[index])
  })
}

/** Whether all that a command does is to wait, be it in a shell. */
function onlyWaits(command: readonly string[]): boolean {
  const [shell = '', option, script] = command
  const isScript = command.length === 3 && option === '-c' && partOf(shell) === 'waits'
  return partOf(isScript ? (script ?? '') : command.join(' ')) === 'waits'
}

/** Starts it without anybody who listens; what ends at once is not called running. */
async function startLogged(
  engine: Engine,
  container: ContainerDetails,
  command: readonly string[],
  variables: readonly string[],
): Promise<TapCommandResult> {
  const hasShell = (await engine.pathStat(container.Id, '/bin/sh')) !== undefined
  const logged = hasShell ? ['/bin/sh', '-c', LOGGED, 'keg', ...command] : command
  try {
    const id = await startDetached(engine, container.Id, {command: logged, tty: false, variables})
    await sleep(SETTLE_MILLISECONDS)
    const exec = await engine.exec(id)
    return exec?.Running === false ? {kind: 'ended', exitCode: exec.ExitCode ?? 0} : {kind: 'running'}
  } catch (error) {
    throw execError(error, container)
  }
}
