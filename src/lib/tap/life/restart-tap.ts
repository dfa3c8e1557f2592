import type {ContainerDetails} from '../../engine/types.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {shownPort, type ShownPort} from '../../container/port/reachable-address.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {wasStartedDetached} from '../exec/run-tap-command.js'
import {startOrder, waitsForEnd, waitsForHealth} from '../containers/container-order.js'
import {notStarted} from '../../container/tap/running-main.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import {settleServices} from '../start/container/settle-services.js'
import {serveTap} from '../start/serve-tap.js'
import {startContext} from '../start/start-context.js'
import type {StartContext, StartTapOptions} from '../start/model.js'
import type {Work} from '../../work/work.js'
import {proxyUrl} from '../status/proxy-url.js'
import {confirmStop} from './confirm-stop.js'
import {containerResult, type TapContainerResult} from './life-result.js'
import {restartError} from './restart-error.js'
import {resumeTap} from './resume-tap.js'
import {pauseFolderSyncs} from './pause-folder-syncs.js'
import {stopSeconds} from './stop-seconds.js'
import {untilEnded} from './until-ended.js'
import {untilHealthy} from './until-healthy.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** Which tap to restart. */
export interface RestartTapOptions extends Omit<
  StartTapOptions,
  'build' | 'detach' | 'from' | 'publish' | 'pull' | 'ready' | 'recreate' | 'sync'
> {
  /** Undefined runs its command as before: in the background, or followed. */
  readonly detach?: boolean | undefined
  /** Called once, when the tap is ready. */
  readonly ready: (result: RestartTapResult) => void
}

/** What `keg tap restart --json` prints; scripts can rely on these fields. */
export interface RestartTapResult {
  /** Name of the tap. */
  readonly tap: string
  /** Its folder. */
  readonly folder: string
  /** The branch checked out there; null without git. */
  readonly branch: string | null
  /** Id of the app's container. */
  readonly container: string
  /** Name of the app's container. */
  readonly name: string
  /** Its URL; null if it has no port to answer at. */
  readonly url: string | null
  /** Its published ports. */
  readonly ports: readonly ShownPort[]
  /** Its containers, in start order. */
  readonly containers: readonly TapContainerResult[]
  /** The sync of the tap's folder; null if it is not synced. */
  readonly sync: CreateSyncResult | null
}

/**
 * Restarts the containers of a tap, running or not, in dependency order; recreates none. Then resumes their syncs, runs the
 * tap's command and waits for an answer, like a start: in the background if it was started so, unless `detach` says
 * otherwise.
 * @returns the exit code: that of its command in the foreground, otherwise 0
 * @throws FailedError `tap-not-started`, `port-taken`, `start-failed`, `container-ended`; what openTap, syncTap and serveTap
 * do
 */
export async function restartTap(work: Work, options: RestartTapOptions): Promise<number> {
  const {detach = false} = options
  const opening = await startContext(work, {...options, detach, build: false, publish: [], ready: () => undefined})
  const {engine, notice} = opening
  const {tap} = opening.opened
  const {all, main} = await findTapContainers(engine, tap)
  if (main === undefined) throw notStarted(tap)
  const results = all.map((container) =>
    containerResult(container, options.dryRun ? 'planned' : container.State.Running ? 'restarted' : 'started'),
  )
  const result: RestartTapResult = {
    tap: tap.name,
    folder: tap.folder,
    branch: tap.branch ?? null,
    container: main.Id,
    name: nameOf(main),
    url: null,
    ports: [],
    containers: results,
    sync: null,
  }
  await confirmStop(opening, {containers: all, dryRun: options.dryRun, tap: tap.name})
  if (options.dryRun) {
    for (const container of startOrder(all).flat()) notice(`${nameOf(container)} would be started again.`)
    options.ready(result)
    return 0
  }
  const context = await asBefore(opening, main, options)
  await restartAll(context, all)
  const services = all.filter((other) => other !== main)
  const {findOtherFailure, main: container} = await settleServices(context, {
    main,
    services,
    optional: new Set(),
  })
  const sync = await resumeTap(context, {all, container})
  const {opened} = context
  const port = opened.values.text('KEG_PROXY_PORT')
  const reach = {
    networks: [],
    labels: {},
    url: proxyUrl(container.Config.Labels),
    port: port === undefined ? undefined : Number(port),
    warning: undefined,
  }
  return await serveTap(context, {
    container,
    findOtherFailure,
    reach,
    ready: ({ports, url}) =>
      options.ready({...result, url: url ?? null, ports: ports.map(shownPort), sync: sync ?? null}),
  })
}

/** Runs the tap's command in the background or the foreground as before, unless the user says which. */
async function asBefore(
  context: StartContext,
  main: ContainerDetails,
  {detach}: RestartTapOptions,
): Promise<StartContext> {
  const {engine, environment, notice} = context
  if (detach !== undefined || (await wasStartedDetached(engine, main, environment)) !== true) return context
  notice('Its command stays in the background: --no-detach follows it.')
  return {...context, options: {...context.options, detach: true}}
}

/** Their syncs are paused meanwhile: Mutagen notices late when a container goes away. */
async function restartAll(context: StartContext, containers: readonly ContainerDetails[]): Promise<void> {
  const {notice, opened, signal} = context
  const {syncs} = await pauseFolderSyncs(context, {
    tap: {...opened.tap, isGone: false},
    containers,
    dryRun: false,
    flushes: false,
  })
  try {
    for (const list of startOrder(containers)) {
      signal.throwIfAborted()
      await allSettledOrThrow(list.map(async (container) => restart(context, container)))
      const dependencies = list.filter((other) => containers.some((container) => waitsForHealth(container, other)))
      const ending = list.filter((other) => containers.some((container) => waitsForEnd(container, other)))
      await allSettledOrThrow([
        ...dependencies.map(async (container) => untilHealthy(container, context)),
        ...ending.map(async (container) => untilEnded(container, context)),
      ])
    }
  } catch (error) {
    const paused = syncs.filter(({outcome}) => outcome === 'done').map(({id, name}) => printable(name ?? id))
    if (paused.length > 0)
      notice(
        `These syncs are still paused: ${paused.join(', ')}. Resume them with: ${commandLine`keg tap restart ${opened.tap.name}`}`,
      )
    throw error
  }
}

async function restart({engine, opened, progress}: StartContext, container: ContainerDetails): Promise<void> {
  const {Id, State} = container
  const stage = `Starting ${shownName(container)}`
  progress({stage, state: 'running'})
  try {
    // A paused one cannot end by itself.
    if (State.Paused) await engine.unpauseContainer(Id)
    if (State.Running) await engine.restartContainer(Id, await stopSeconds(engine, container))
    else await engine.startContainer(Id)
  } catch (error) {
    throw restartError(error, container, opened.tap.name)
  }
  progress({stage, state: 'done'})
}
