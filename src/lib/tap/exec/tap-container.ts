import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {COMPOSE_SERVICE} from '../../container/target/match-rows.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {notStarted, runningMain} from '../../container/tap/running-main.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import type {Tap} from '../../tap-folder/tap.js'
import {nameOf} from '../../container/container-name.js'

/**
 * The container of a tap, or of one of its services, running or not.
 * @throws FailedError `tap-not-started`; UsageError `service-unknown`
 */
export async function tapContainer(engine: Engine, tap: Tap, service: string | undefined): Promise<ContainerDetails> {
  const {all, main} = await findTapContainers(engine, tap)
  if (service === undefined) {
    if (main === undefined) throw notStarted(tap)
    return main
  }
  if (all.length === 0) throw notStarted(tap)
  const found =
    all.find((container) => serviceOf(container) === service) ?? all.find((container) => nameOf(container) === service)
  if (found === undefined) throw await unknownService(service, tap, all)
  return found
}

/** Like {@link tapContainer}, but running. @throws also FailedError `container-stopped` */
export async function runningTapContainer(
  engine: Engine,
  tap: Tap,
  service: string | undefined,
): Promise<ContainerDetails> {
  return runningMain({main: await tapContainer(engine, tap, service)}, tap)
}

function serviceOf({Config}: ContainerDetails): string | undefined {
  return Config.Labels?.[COMPOSE_SERVICE] || undefined
}

async function unknownService(
  written: string,
  {name}: Tap,
  containers: readonly ContainerDetails[],
): Promise<UsageError> {
  const services = containers.map((container) => serviceOf(container) ?? nameOf(container))
  return new UsageError(`The tap ${name} has no service ${printable(written)}.`, {
    code: 'service-unknown',
    hint: `${await didYouMean(written, services)}Its services are: ${services.map((service) => printable(service)).join(', ')}.`,
    data: {services},
  })
}
