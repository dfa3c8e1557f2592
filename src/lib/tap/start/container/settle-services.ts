import type {ContainerDetails} from '../../../engine/types.js'
import {FailedError, KegError} from '../../../error/keg-error.js'
import {printable} from '../../../terminal/text.js'
import {dependenciesOf, serviceOf, waitsFor, waitsForEnd} from '../../containers/container-order.js'
import type {StartContext} from '../model.js'
import {containerEnded} from './container-ended.js'
import {untilSettled} from './until-settled.js'
import {shownName} from '../../../container/container-name.js'

/** The containers of a tap after they were started. */
export interface StartedServices {
  readonly main: ContainerDetails
  readonly services: readonly ContainerDetails[]
  /** Names of services that others depend on only with `required: false`. */
  readonly optional: ReadonlySet<string>
}

/** The app, and what is wrong besides it. */
export interface SettledServices {
  /** The app's current container. */
  readonly main: ContainerDetails
  /** Checks why another service is not as it should be after a start; undefined if all are. */
  readonly findOtherFailure: () => Promise<KegError | undefined>
}

/**
 * Waits until the containers of a tap seem to keep running, or have completed.
 * @throws FailedError `container-ended`, `unhealthy` for what the app depends on, or else for the app itself
 */
export async function settleServices(context: StartContext, started: StartedServices): Promise<SettledServices> {
  const {main, optional, services} = started
  const {signal, warn} = context
  const needed = dependenciesOf(main, services)
  const [own, ...others] = await Promise.allSettled([
    untilSettled(context, main),
    ...services.map(async (container) => settleService(context, container)),
  ])
  signal.throwIfAborted()
  const failures = services.flatMap((container, index) => {
    const outcome = others[index]
    return outcome?.status === 'rejected' ? [{container, error: failureOf(outcome.reason)}] : []
  })
  const isOptional = ({container}: {container: ContainerDetails}): boolean => optional.has(serviceOf(container) ?? '')
  for (const {error} of failures.filter(isOptional)) warn(error.message)
  const required = failures.filter((failure) => !isOptional(failure))
  // If the app ended because its database did, report the database.
  const first = required.find(({container}) => needed.includes(container))
  if (first !== undefined) throw first.error
  if (own.status === 'rejected') throw own.reason
  for (const container of needed) {
    const waiting = [main, ...services].filter((other) => waitsFor(other, container))
    if (!waiting.every((other) => waitsForEnd(other, container))) await warnOfEnded(context, container)
  }
  const relevant = services.filter((container) => !isOptional({container}))
  return {main: own.value, findOtherFailure: async () => required[0]?.error ?? (await endedSince(context, relevant))}
}

/** The error for a service that has ended by now, though it ran at first. */
async function endedSince(
  context: StartContext,
  services: readonly ContainerDetails[],
): Promise<FailedError | undefined> {
  for (const container of services) {
    const details = await context.engine.container(container.Id)
    const {ExitCode, Running} = details?.State ?? {}
    if (Running !== true && ExitCode !== 0) return containerEnded(context, container, details)
  }
  return undefined
}

/** A service that ended with 0 has completed. */
async function settleService(context: StartContext, container: ContainerDetails): Promise<void> {
  const {engine} = context
  const details = await engine.container(container.Id)
  if (details?.State.Status === 'exited' && details.State.ExitCode === 0) return
  const settled = await untilSettled(context, container).catch(async (error: unknown) => {
    const {State} = (await engine.container(container.Id)) ?? {}
    if (State?.Status === 'exited' && State.ExitCode === 0) return undefined
    throw error
  })
  if (settled?.State.Health?.Status === 'unhealthy') throw unhealthy(settled)
}

/** If others depend on a server that ended with 0, the user should know. */
async function warnOfEnded({engine, warn}: StartContext, container: ContainerDetails): Promise<void> {
  const {State} = (await engine.container(container.Id)) ?? {}
  if (State?.Status !== 'exited') return
  warn(`${shownName(container)} has ended with exit code 0, and the app depends on it.`)
}

function unhealthy(container: ContainerDetails): FailedError {
  const output = container.State.Health?.Log?.at(-1)?.Output.trim() ?? ''
  const message = `The container ${shownName(container)} is unhealthy.`
  return new FailedError(output === '' ? message : `${message} It said: ${printable(output.slice(-500))}`, {
    code: 'unhealthy',
    hint: 'Check its healthcheck in the compose file, and its output.',
  })
}

function failureOf(reason: unknown): KegError {
  if (reason instanceof KegError) return reason
  throw reason
}
