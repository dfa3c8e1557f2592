import type {ContainerDetails} from '../../../engine/types.js'
import {FailedError} from '../../../error/keg-error.js'
import {printable} from '../../../terminal/text.js'
import {findTapContainers} from '../../../container/tap/tap-containers.js'
import {serviceOf} from '../../containers/container-order.js'
import type {StartContext} from '../model.js'
import {lastLines} from './container-ended.js'
import {nameOf} from '../../../container/container-name.js'

/**
 * Compose's error about a service that others wait for (docker/compose, pkg/compose, convergence.go): `container x is
 * unhealthy`, `container x exited (1)`, `service "x" didn't complete successfully: exit 1`.
 */
const COMPLAINT = /container (\S+) (?:is unhealthy|exited \(\d+\)|has no healthcheck)|service "([^"]+)" didn't complete/

/** Adds to compose's error about a service that others wait for that service's last lines of output. */
export async function withDependencyLines(context: StartContext, error: unknown): Promise<unknown> {
  const {engine, opened, signal} = context
  if (!(error instanceof FailedError) || error.code !== 'compose-failed' || signal.aborted) return error
  const [, name, service] = COMPLAINT.exec(error.message) ?? []
  const {all} = await findTapContainers(engine, opened.tap)
  const container = all.find((each) => nameOf(each) === name || (service !== undefined && serviceOf(each) === service))
  if (container === undefined) return error
  const logs = [...(await lastLines(context, container)), ...checkOutput(container)]
  return new FailedError([error.message, ...logs.map((line) => `  ${line}`)].join('\n'), {
    code: error.code,
    hint: `See the output of ${printable(serviceOf(container) ?? nameOf(container))}. ${error.hint ?? ''}`.trimEnd(),
    cause: error,
    data: {...error.data, service: serviceOf(container) ?? null, logs},
  })
}

/** The last output of a container's healthcheck. */
function checkOutput({State}: ContainerDetails): string[] {
  const output = State.Health?.Log?.at(-1)?.Output.trim() ?? ''
  return output === '' ? [] : [`Its healthcheck said: ${printable(output.slice(-500))}`]
}
