import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {startDetached} from '../../engine/exec.js'
import type {ContainerDetails, ExecDetails, ImageDetails} from '../../engine/types.js'
import {KegError} from '../../error/keg-error.js'
import {readContainerState, rememberContainer} from '../../container/container-state.js'
import type {ExecStreams} from '../../container/exec/exec-streams.js'
import {ExecLog} from '../../container/exec/log/exec-log.js'
import {execError} from '../../container/exec/exec-error.js'
import {runExec} from '../../container/exec/run-exec.js'
import {imageOf} from '../../container/target/image-of.js'
import {shellLine} from '../../terminal/text.js'
import {classifyProcess} from './classify-process.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** The tap's command, and where to run it. */
export interface TapCommandOptions {
  /** The tap's main container, running. */
  readonly container: ContainerDetails
  /** `--command`: what the tap's run script starts, passed on as KEG_EXEC_CMD. */
  readonly command: string | undefined
  /** `-e`, as `KEY=VALUE`. */
  readonly variables: readonly string[]
  /** Leaves it running in the container; its output goes into the container's log. */
  readonly detach: boolean
  /** Where its output goes, and where keys come from; not used with `detach`. */
  readonly streams: ExecStreams
  /** How long it may take to end after each Ctrl-C. */
  readonly patienceMilliseconds?: number
}

/** The environment finds keg's state, which has its log and how it was started. */
type TapCommandWork = Pick<EngineWork, 'engine' | 'environment' | 'notice' | 'signal' | 'warn'>

/** What happened to the tap's command. */
export type TapCommandResult =
  /** It ended, or was ended by a signal to keg. Detached, it ended at once. */
  | {readonly kind: 'ended'; readonly exitCode: number}
  /** It runs, detached, as this exec. */
  | {readonly kind: 'running'; readonly exec: string}
  /** It already ran, and was not started again. */
  | {readonly kind: 'ran-already'}
  /** The image has no command, or one that only idles. */
  | {readonly kind: 'none'}

/** How long to watch a detached command, so that one that does not exist is reported. */
const SETTLE_MILLISECONDS = 300

/** Tells a tap's run script to run; without it the script only idles. */
const EXEC_VARIABLE = 'KEG_DOCKER_EXEC=compose-start'

/**
 * Sends a command's output to the container's own output, so that it gets into the log. That of another user cannot be
 * written: then it runs without.
 */
const LOGGED =
  'if { : >>/proc/1/fd/1 && : >>/proc/1/fd/2; } 2>/dev/null; then exec >>/proc/1/fd/1 2>>/proc/1/fd/2; fi; exec "$@"'

/**
 * Runs the command of the tap's image (ENTRYPOINT and CMD) in its container, with KEG_DOCKER_EXEC=compose-start, as the
 * container's user in its working directory, unless it already runs there. In the foreground, follows it to its end; it
 * always has a terminal, and Ctrl-C ends it.
 * @throws RunError `exec-failed`; FailedError `image-missing`; MissingError `engine-lost`
 */
export async function runTapCommand(work: TapCommandWork, options: TapCommandOptions): Promise<TapCommandResult> {
  const {engine, signal} = work
  const {container, detach, streams} = options
  const command = commandOf(await imageOf(engine, container))
  if (command.length === 0 || onlyWaits(command)) return {kind: 'none'}
  if (await runs(engine, container, command)) return {kind: 'ran-already'}
  const variables = [
    EXEC_VARIABLE,
    ...(options.command === undefined ? [] : [`KEG_EXEC_CMD=${options.command}`]),
    ...options.variables,
  ]
  signal.throwIfAborted()
  if (detach) {
    await rememberStart(work, options)
    return startLogged(engine, container, command, variables)
  }
  const hasKeys = streams.stdin?.isTTY === true && streams.stdout?.isTTY === true
  const {patienceMilliseconds} = options
  const title = shellLine(command)
  await using log = ExecLog.start(work, {container, title, tty: true, state: {detached: false}})
  const exitCode = await runExec(work, {
    container,
    command,
    tty: true,
    variables,
    input: hasKeys ? 'keys' : 'nothing',
    streams,
    log,
    ...(patienceMilliseconds !== undefined && {patienceMilliseconds}),
  })
  return {kind: 'ended', exitCode}
}

/** Whether the command of a tap's image runs in its container by an exec, whoever started it. */
export async function isTapCommandRunning(engine: Engine, container: ContainerDetails): Promise<boolean> {
  const image = await engine.image(container.Image)
  const command = image === undefined ? [] : commandOf(image)
  return runs(engine, container, command)
}

/** In the foreground, the log stores it. */
async function rememberStart(work: TapCommandWork, {container, detach}: TapCommandOptions): Promise<void> {
  await rememberContainer(work, container, {detached: detach}).catch((error: unknown) => {
    if (!(error instanceof KegError)) throw error
    work.warn(`cannot record that the command runs in the background, for the next restart. ${error.message}`)
  })
}

/**
 * Whether a tap's command was last started in the background: by its current exec, or by keg's state.
 * @returns undefined if unknown
 */
export async function wasStartedDetached(
  engine: Engine,
  container: ContainerDetails,
  environment: NodeJS.ProcessEnv,
): Promise<boolean | undefined> {
  const image = await engine.image(container.Image)
  const [exec] = image === undefined ? [] : await execsOf(engine, container, commandOf(image))
  // In the foreground it has a terminal.
  if (exec !== undefined) return exec.ProcessConfig.tty !== true
  return (await readContainerState(container.Id, environment))?.detached
}

function commandOf({Config}: Pick<ImageDetails, 'Config'>): string[] {
  return [...(Config?.Entrypoint ?? []), ...(Config?.Cmd ?? [])]
}

/** Whether a command runs in the container by an exec, whoever started it. */
async function runs(engine: Engine, container: ContainerDetails, command: readonly string[]): Promise<boolean> {
  return (await execsOf(engine, container, command)).length > 0
}

/** The running execs of a command. */
async function execsOf(
  engine: Engine,
  container: ContainerDetails,
  command: readonly string[],
): Promise<readonly ExecDetails[]> {
  if (command.length === 0) return []
  // The current state: somebody may have been faster.
  const {ExecIDs} = (await engine.container(container.Id)) ?? {}
  const execs = await Promise.all((ExecIDs ?? []).map((id) => engine.exec(id)))
  return execs.flatMap((exec) => {
    if (exec?.Running !== true) return []
    const {arguments: rest, entrypoint} = exec.ProcessConfig
    // The words that log its output may come first.
    const words = [entrypoint, ...(rest ?? [])].slice(-command.length)
    const isIt = words.length === command.length && words.every((word, index) => word === command[index])
    return isIt ? [exec] : []
  })
}

/** Whether a command only idles, even in a shell. */
function onlyWaits(command: readonly string[]): boolean {
  const [shell = '', option, script] = command
  const isScript = command.length === 3 && option === '-c' && classifyProcess(shell) === 'idle'
  return classifyProcess(isScript ? (script ?? '') : command.join(' ')) === 'idle'
}

/** Starts it detached; if it ends at once, it does not count as running. */
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
    return exec?.Running === false ? {kind: 'ended', exitCode: exec.ExitCode ?? 0} : {kind: 'running', exec: id}
  } catch (error) {
    throw execError(error, {container, command})
  }
}
