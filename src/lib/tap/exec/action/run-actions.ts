import {startDetached} from '../../../engine/exec.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {execMode} from '../../../container/exec/exec-mode.js'
import type {ExecStreams} from '../../../container/exec/exec-streams.js'
import {ExecLog} from '../../../container/exec/log/exec-log.js'
import {execError} from '../../../container/exec/exec-error.js'
import {runExec} from '../../../container/exec/run-exec.js'
import {RunError} from '../../../container/run-error.js'
import {count, printable} from '../../../terminal/text.js'
import type {ReadyAction} from './find-actions.js'
import type {EngineWork} from '../../../engine/engine-work.js'

/** Which actions to run, and where. */
export interface RunActionsOptions {
  readonly actions: readonly ReadyAction[]
  /** A running container. */
  readonly container: ContainerDetails
  readonly user?: string | undefined
  /** A folder in the container that replaces the actions' own. */
  readonly workingDirectory?: string | undefined
  /** `KEY=VALUE` */
  readonly variables?: readonly string[]
  /** Starts them in the background, whatever they say themselves. */
  readonly detach?: boolean
  readonly streams: ExecStreams
}

/**
 * Runs actions one after another, each command in a shell of the container, and stops at the first failure.
 * @throws RunError `action-failed` with the exit code of that command, `exec-failed`; the reason of the signal
 */
export async function runActions(work: EngineWork, options: RunActionsOptions): Promise<void> {
  for (const action of options.actions) {
    if (action.detach || options.detach === true) await startAction(work, action, options)
    else await runAction(work, action, options)
  }
}

async function runAction(
  work: EngineWork,
  {commands, location, name, privileged}: ReadyAction,
  {container, streams, user, variables, workingDirectory = location ?? undefined}: RunActionsOptions,
): Promise<void> {
  const {notice, signal} = work
  const mode = execMode(streams)
  for (const [index, command] of commands.entries()) {
    notice(`${printable(name)}: ${printable(command)}`)
    const title = `${name}: ${command}`
    await using log = ExecLog.start(work, {container, title, tty: mode.tty})
    const exitCode = await runExec(work, {
      container,
      user,
      ...(variables !== undefined && {variables}),
      command: ['sh', '-c', command],
      privileged,
      workingDirectory,
      tty: mode.tty,
      // The first command would read the input meant for the second.
      input: mode.tty ? mode.input : 'nothing',
      streams,
      log,
    })
    signal.throwIfAborted()
    if (exitCode !== 0) throw actionFailed(name, {command, exitCode, left: commands.length - index - 1})
  }
}

/** One shell for all of its commands keeps their order. */
async function startAction(
  {engine, notice}: EngineWork,
  {commands, location, name, privileged}: ReadyAction,
  {container, user, variables = [], workingDirectory = location ?? undefined}: RunActionsOptions,
): Promise<void> {
  const script = commands.map((command) => `{ ${command}\n}`).join(' && ')
  const request = {command: ['sh', '-c', script], privileged, tty: false, user, variables, workingDirectory}
  await startDetached(engine, container.Id, request).catch((error: unknown) => {
    throw execError(error, {container, ...request})
  })
  notice(`Started ${printable(name)} in the background.`)
}

interface FailedCommand {
  readonly command: string
  readonly exitCode: number
  /** How many actions remained. */
  readonly left: number
}

function actionFailed(name: string, {command, exitCode, left}: FailedCommand): RunError {
  const rest = left === 0 ? '' : ` ${count(left, 'command')} after it ${left === 1 ? 'was' : 'were'} not run.`
  return new RunError(`The action ${printable(name)} failed with exit code ${exitCode}: ${printable(command)}`, {
    code: 'action-failed',
    hint: `See its output.${rest}`,
    exitCode,
    data: {action: name, command, exitCode},
  })
}
