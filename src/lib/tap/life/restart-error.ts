import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {isPortRefusal} from '../../container/run-error.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'

/** The error for a container that could not be started again. */
export function restartError(error: unknown, container: Pick<ContainerDetails, 'Name'>): unknown {
  if (!(error instanceof EngineError)) return error
  const name = printable(nameOf(container))
  if (isPortRefusal(error.said))
    return new FailedError(`${name} cannot be started: a port that it publishes is taken. ${error.said}`, {
      code: 'port-taken',
      hint: 'End whatever has the port, or have keg find another one: keg tap start --recreate',
      cause: error,
    })
  return new FailedError(`${name} cannot be started: ${error.said}`, {
    code: 'start-failed',
    hint: 'keg tap start --recreate makes it anew.',
    cause: error,
  })
}
