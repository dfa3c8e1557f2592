import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {isPortRefusal} from '../../container/run-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {shownName} from '../../container/container-name.js'

/** The error for a container that could not be restarted. @param tap name of its tap */
export function restartError(error: unknown, container: Pick<ContainerDetails, 'Name'>, tap: string): unknown {
  if (!(error instanceof EngineError)) return error
  const name = shownName(container)
  if (isPortRefusal(error.response))
    return new FailedError(`${name} cannot be started: a port that it publishes is taken. ${error.response}`, {
      code: 'port-taken',
      hint: `Stop what uses the port, or let keg find another one with: ${commandLine`keg tap start ${tap} --recreate`}`,
      cause: error,
    })
  return new FailedError(`${name} cannot be started: ${error.response}`, {
    code: 'start-failed',
    hint: `Recreate it with: ${commandLine`keg tap start ${tap} --recreate`}`,
    cause: error,
  })
}
