import type {Engine} from '../../../engine/engine.js'
import {startDetached} from '../../../engine/exec.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {execMode} from '../../../exec/exec-mode.js'
import type {ExecStreams} from '../../../exec/exec-streams.js'
import {execError, runExec} from '../../../exec/run-exec.js'
import {RunError} from '../../../container/run-error.js'
import {count, printable} from '../../../terminal/text.js'
import type {ReadyAction} from './find-actions.js'

/** Where actions are run. */
export interface RunActionsOptions {
  readonly engine: Engine
  /** It runs. */
  readonly container: ContainerDetails
  readonly user?: string | undefined
  /** A folder in the container, in place of the actions' own. */
  readonly workingDirectory?: string | undefined
  /** `KEY=VALUE` */
  readonly variables?: readonly string[]
  /** Starts them and follows nothing of them, whatever they say themselves. */
  readonly detach?: boolean
  readonly streams: ExecStreams
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Runs actions one after another, each command by a shell of the container, and stops at the first that fails.
 * @throws RunError `action-failed` with the exit code of that command, `exec-failed`; the reason of the signal
 */
export async function runActions(actions: readonly ReadyAction[], options: RunActionsOptions): Promise<void> {
  for (const action of actions) {
    if (action.detach || options.detach === true) await startAction(action, options)
    else await runAction(action, options)
  }
}

async function runAction(
  {commands, location, name, privileged}: ReadyAction,
  {say, signal, streams, workingDirectory = location, ...options}: RunActionsOptions,
): Promise<void> {
  const mode = execMode(streams)
  for (const [index, command] of commands.entries()) {
    say(`${printable(name)}: ${printable(command)}`)
    const exitCode = await runExec({
      ...options,
      command: ['sh', '-c', command],
      privileged,
      workingDirectory,
      tty: mode.tty,
      // The first would take what was meant for the second.
      input: mode.tty ? mode.input : 'nothing',
      streams,
      say,
      signal,
    })
    signal.throwIfAborted()
    if (exitCode !== 0) throw actionFailed(name, {command, exitCode, left: commands.length - index - 1})
  }
}

/** All commands of it by one shell, which keeps their order. */
async function startAction(
  {commands, location, name, privileged}: ReadyAction,
  {container, engine, say, user, variables = [], workingDirectory = location}: RunActionsOptions,
): Promise<void> {
  const script = commands.map((command) => `{ ${command}\n}`).join(' && ')
  const request = {command: ['sh', '-c', script], privileged, tty: false, user, variables, workingDirectory}
  await startDetached(engine, container.Id, request).catch((error: unknown) => {
    throw execError(error, container)
  })
  say(`${printable(name)} is started; nothing of it is followed.`)
}

interface FailedCommand {
  readonly command: string
  readonly exitCode: number
  /** How many were to come. */
  readonly left: number
}

function actionFailed(name: string, {command, exitCode, left}: FailedCommand): RunError {
  const rest = left === 0 ? '' : ` ${count(left, 'command')} after it ${left === 1 ? 'was' : 'were'} not run.`
  return new RunError(`The action ${printable(name)} failed with exit code ${exitCode}: ${printable(command)}`, {
    code: 'action-failed',
    hint: `What it printed says why.${rest}`,
    exitCode,
    data: {action: name, command, exitCode},
  })
}
