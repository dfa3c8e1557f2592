import {allSettledOrThrow} from '../../async/all-settled.js'
import {Slots} from '../../async/slots.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {ContainerLock} from '../capture/container-lock.js'
import {prepareCapture, takeCapture, type PreparedCapture} from '../capture/capture-package.js'
import {holdStill} from '../capture/hold-still.js'
import {Moment} from '../capture/moment.js'
import {composePackage, type ComposedPackage} from '../compose/compose-package.js'
import {verifyComposed} from '../deliver/deliver-package.js'
import type {PackageOutcome} from '../package-result.js'
import type {PackageSource} from '../target/package-source.js'
import type {PlannedService} from './plan-services.js'
import type {ServiceOutcome} from './project-result.js'

/** A service whose image was sent. */
export interface MadeService {
  readonly base: PackageSource['base']
  readonly composed: ComposedPackage
  readonly outcome: ServiceOutcome
}

/**
 * Captures all services at one moment, and sends their images, one after the other: each uses all processors by itself.
 * @param stop ends all of them when one has failed
 */
export async function captureServices(
  work: EngineWork,
  planned: readonly PlannedService[],
  stop: AbortController,
): Promise<{readonly made: readonly MadeService[]; readonly spreadMilliseconds: number}> {
  const replicas = planned.flatMap(({service}) => service.replicas)
  const moment = new Moment(planned.length + replicas.length, work.signal)
  const prepared = await prepareAll(work, planned)
  const sending = new Slots(1)
  const running = [
    ...prepared.map(async ({capture, context, plan, service}) =>
      makeService({service, context, plan}, capture, {moment, sending}),
    ),
    ...replicas.map((container) => holdStill(work, container, moment).then(() => undefined)),
  ]
  for (const each of running) each.catch((error: unknown) => stop.abort(error))
  const made = (await allSettledOrThrow(running)).filter((each) => each !== undefined)
  return {made, spreadMilliseconds: moment.spreadMilliseconds}
}

/** Locks all containers in the order of their ids, so that no two kegs wait for each other. */
async function prepareAll(
  work: EngineWork,
  planned: readonly PlannedService[],
): Promise<readonly (PlannedService & {readonly capture: PreparedCapture})[]> {
  const prepared: (PlannedService & {readonly capture: PreparedCapture})[] = []
  const steps = planned.flatMap((each) => [
    {
      id: each.service.container.Id,
      run: async () => {
        prepared.push({...each, capture: await prepareCapture(each.plan, each.context)})
      },
    },
    ...each.service.replicas.map((container) => ({
      id: container.Id,
      run: async () => {
        const sessions = (): Promise<readonly string[]> => Promise.resolve([])
        work.cleanup.use(await ContainerLock.take(work, {container, image: each.context.emptyImage.id, sessions}))
      },
    })),
  ])
  for (const {run} of steps.sort((one, other) => (one.id < other.id ? -1 : 1))) await run()
  return planned.flatMap(({service}) => prepared.filter((each) => each.service === service))
}

async function makeService(
  {context, plan, service}: PlannedService,
  prepared: PreparedCapture,
  {moment, sending}: {readonly moment: Moment; readonly sending: Slots},
): Promise<MadeService> {
  const {source, work, writers} = context
  const capture = await takeCapture(
    prepared,
    (captured) =>
      sending.run(async () => {
        work.signal.throwIfAborted()
        const composed = await composePackage(plan, captured, context)
        return {composed, verification: await verifyComposed(work, {source, capture: captured, composed})}
      }),
    moment,
  )
  await capture.resuming
  const {composed, verification} = capture.made
  const {pausedMilliseconds, synced} = capture
  const outcome: PackageOutcome = {
    ...{...composed.written, verification, layers: composed.written.layers.length},
    ...{notCarried: composed.notCarried, pausedMilliseconds, synced},
  }
  const excluded = {...plan.excluded, paths: capture.excludedPaths}
  const found = {mounts: composed.mounts, writers: writers.all, secrets: context.secrets.found, excluded}
  const digest = composed.written.sent?.digest
  return {
    base: source.base,
    composed,
    outcome: {service: service.service, plan: {...plan, ...found}, outcome, digest},
  }
}
