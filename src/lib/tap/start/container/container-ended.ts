import {ContainerOutput} from '../../../container/container-output.js'
import {EngineError} from '../../../engine/engine-error.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {FailedError} from '../../../error/keg-error.js'
import {commandLine} from '../../../terminal/command-line.js'
import {count, printable} from '../../../terminal/text.js'
import {serviceOf} from '../../containers/container-order.js'
import {isMain} from '../../../container/tap/tap-containers.js'
import type {StartContext} from '../model.js'
import {shownName} from '../../../container/container-name.js'

/** What the error for a container needs. */
type EndContext = Pick<StartContext, 'engine' | 'opened' | 'signal'>

/**
 * The error for a container that does not run, or keeps restarting, with its last lines of output.
 * @param container its earlier state
 * @param details its current state; undefined if it is gone
 * @param restarts how often it was seen to restart
 */
export async function containerEnded(
  context: EndContext,
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
  details: ContainerDetails | undefined,
  restarts = details?.RestartCount ?? 0,
): Promise<FailedError> {
  const {tap} = context.opened
  const logs = details === undefined ? [] : await lastLines(context, details)
  const service = details === undefined || isMain(details) ? undefined : serviceOf(details)
  const whose = service === undefined ? '' : ` of the service ${printable(service)}`
  const message = `The container ${shownName(container)}${whose} ${howItEnded(details, restarts)}.`
  const words = service === undefined ? [] : ['--service', service]
  return new FailedError([message, ...logs.map((line) => `  ${line}`)].join('\n'), {
    code: 'container-ended',
    hint: `See its output. It must keep running, if only by waiting. Show more of its output with: ${commandLine`keg tap logs ${tap.name} ${words}`}`,
    data: {
      exitCode: details?.State.ExitCode ?? null,
      logs,
      restarts,
      outOfMemory: details?.State.OOMKilled === true,
      service: service ?? null,
    },
  })
}

/** How a container ended, as the end of a sentence. */
export function howItEnded(details: Pick<ContainerDetails, 'State'> | undefined, restarts: number): string {
  if (details === undefined) return 'is gone'
  const {ExitCode, OOMKilled, Restarting, Running, Status} = details.State
  if (Status === 'created') return 'was not started'
  const why = OOMKilled === true ? ', killed because it was out of memory' : ''
  // While it runs again, its exit code is not that of the last run.
  if (Running && !Restarting) return `keeps restarting: ${count(restarts, 'restart')} so far${why}`
  const code = `exit code ${ExitCode}${why}`
  return restarts > 0 ? `keeps restarting, with ${code}` : `has ended with ${code}`
}

/** A container's last lines of output, printable; none if its log cannot be read. */
export async function lastLines(
  {engine, signal}: EndContext,
  {Config, Id}: Pick<ContainerDetails, 'Config' | 'Id'>,
): Promise<string[]> {
  const output = new ContainerOutput({stdout: undefined, stderr: undefined})
  try {
    const logs = await engine.containerLogs(Id, signal, {follow: false, tail: String(MAX_LINES)})
    await output.follow(logs, Config.Tty === true)
  } catch (error) {
    // Not every logging driver can be read, and the container may be gone.
    if (!(error instanceof EngineError)) throw error
  }
  return output.lastLines().map((line) => printable(line))
}

const MAX_LINES = 20
