import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {settleAll} from '../../package/settle.js'
import {shownPort} from '../../port/reachable-address.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {startOrder, waitsForHealth} from '../containers/container-order.js'
import {notStarted} from '../containers/running-main.js'
import {findTapContainers} from '../containers/tap-containers.js'
import {stillRunning} from '../start/container/still-running.js'
import {serveTap} from '../start/serve-tap.js'
import {startContext} from '../start/start-context.js'
import type {StartContext, StartTapOptions} from '../start/start-options.js'
import {proxyUrl} from '../status/proxy-url.js'
import {containerResult, type TapContainerResult} from './life-result.js'
import {restartError} from './restart-error.js'
import {resumeTap} from './resume-tap.js'
import {standStill} from './still-syncs.js'
import {stopSeconds} from './stop-seconds.js'
import {untilHealthy} from './until-healthy.js'

/** Which tap to restart, and who is told. */
export interface RestartTapOptions extends Omit<
  StartTapOptions,
  'build' | 'from' | 'publish' | 'pull' | 'ready' | 'recreate' | 'sync'
> {
  /** Called once, when the tap is ready to be used. */
  readonly ready: (result: RestartTapResult) => void
}

/** What `keg tap restart --json` prints; scripts can rely on these fields. */
export interface RestartTapResult {
  readonly tap: string
  readonly folder: string
  readonly branch: string | null
  /** Id of the app's container. */
  readonly container: string
  readonly name: string
  readonly url: string | null
  /** Ports in docker's words: `8080/tcp` at `127.0.0.1:8080`. */
  readonly ports: readonly {readonly container: string; readonly host: string}[]
  readonly containers: readonly TapContainerResult[]
  /** The sync of the tap's folder; null where it is not synced. */
  readonly sync: CreateSyncResult | null
}

/**
 * Starts the containers of a tap again, running or not, in the order in which they wait for each other; none is made anew. Their
 * syncs go on, and then the tap's command is run and its answer waited for, as by a start.
 * @returns the exit code: that of its command in the foreground, else 0
 * @throws FailedError `tap-not-started`, `port-taken`, `start-failed`, `container-ended`; what openTap, syncTap and serveTap do
 */
export async function restartTap(options: RestartTapOptions): Promise<number> {
  const context = await startContext({...options, build: false, publish: [], ready: () => undefined})
  await using engine = context.engine
  const {tap} = context.opened
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
  if (options.dryRun) {
    for (const container of startOrder(all).flat()) options.say(`${nameOf(container)} would be started again.`)
    options.ready(result)
    return 0
  }
  await restartAll(context, all)
  const container = await stillRunning(context, main)
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
    reach,
    ready: ({ports, url}) =>
      options.ready({...result, url: url ?? null, ports: ports.map(shownPort), sync: sync ?? null}),
  })
}

/** Their syncs stand still meanwhile: one whose container goes away under it is found out late. */
async function restartAll(context: StartContext, containers: readonly ContainerDetails[]): Promise<void> {
  const {engine, opened, options} = context
  const {syncs} = await standStill(containers, {...opened.tap, isGone: false}, {...options, engine, flushes: false})
  try {
    for (const list of startOrder(containers)) {
      options.signal.throwIfAborted()
      await settleAll(list.map(async (container) => restart(engine, container, options)))
      const awaited = list.filter((other) => containers.some((container) => waitsForHealth(container, other)))
      await settleAll(awaited.map(async (container) => untilHealthy(container, context)))
    }
  } catch (error) {
    const paused = syncs.filter(({outcome}) => outcome === 'done').map(({id, name}) => printable(name ?? id))
    if (paused.length > 0) options.say(`Paused stay the syncs ${paused.join(', ')}, until: keg tap restart`)
    throw error
  }
}

async function restart(
  engine: Engine,
  container: ContainerDetails,
  {progress}: Pick<StartTapOptions, 'progress'>,
): Promise<void> {
  const {Id, State} = container
  const stage = `Starting ${printable(nameOf(container))}`
  progress({stage, state: 'running'})
  try {
    // A paused one cannot end by itself.
    if (State.Paused) await engine.unpauseContainer(Id)
    if (State.Running) await engine.restartContainer(Id, await stopSeconds(engine, container))
    else await engine.startContainer(Id)
  } catch (error) {
    throw restartError(error, container)
  }
  progress({stage, state: 'done'})
}
