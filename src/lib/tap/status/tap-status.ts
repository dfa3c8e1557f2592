import {stat} from 'node:fs/promises'
import type {Engine} from '../../engine/engine.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import type {EngineAddress} from '../../engine/engine-address.js'
import type {ContainerDetails} from '../../engine/types.js'
import {KegError} from '../../error/keg-error.js'
import type {RowTrouble} from '../../terminal/row-trouble.js'
import {boundPorts} from '../../container/port/bound-ports.js'
import {portUrl, reachableAddress, shownPort, type ShownPort} from '../../container/port/reachable-address.js'
import {formatReference} from '../../reference/reference.js'
import {observeSyncs, type ObservedSync} from '../../sync/observe-syncs.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'
import {printable} from '../../terminal/text.js'
import {serviceOf} from '../containers/container-order.js'
import {seeTap, type LocatedTap} from '../containers/locate-tap.js'
import {branchOfTapContainer, findTapContainers, isMain} from '../../container/tap/tap-containers.js'
import {changing, findTapSyncs} from '../containers/tap-syncs.js'
import {openTap, type OpenTapOptions} from '../../values/open-tap.js'
import {wantedImage} from '../tap-images.js'
import {isRestarting, readAppState, type AppState} from './app-state.js'
import {proxyUrl} from './proxy-url.js'
import {nameOf, rowName} from '../../container/container-name.js'
import type {Work} from '../../work/work.js'

/** Which tap to show. */
export type TapStatusOptions = Pick<OpenTapOptions, 'environmentName' | 'name'>

/** A container of a tap, as `--json` prints it; scripts can rely on these fields. */
export interface ContainerStatus {
  /** All 64 digits. */
  readonly id: string
  /** Its name. */
  readonly name: string
  /** Compose's service name; null for one that compose did not create. */
  readonly service: string | null
  /** Whether the tap's code is synced into it. */
  readonly main: boolean
  /** The branch that it is for; null without git. */
  readonly branch: string | null
  /** Whether it is for the checked-out branch. */
  readonly current: boolean
  /** Docker's state: created, running, paused, restarting (also for 10 seconds after a restart by itself), exited, dead. */
  readonly state: string
  /** The exit code after it has ended. */
  readonly exitCode: number | null
  /** Whether the app in it runs; null for a container that does not run, or is not the tap's own. */
  readonly app: AppState | null
  /** Docker's health status: starting, healthy, unhealthy; null without a healthcheck. */
  readonly health: string | null
  /** ISO 8601; null if it does not run. */
  readonly startedAt: string | null
  /** Its image, as named when it was created. */
  readonly image: string
  /** Id of the image. */
  readonly imageId: string
  /** Its published ports. */
  readonly ports: readonly ShownPort[]
  /** Also null if nothing answers because the app does not run. */
  readonly url: string | null
}

/** The image that `keg tap start` would use, as far as this engine knows without asking a registry. */
export interface WantedImage {
  /** Its name. */
  readonly reference: string
  /** Its id; null if it is not here. */
  readonly id: string | null
  /** Whether the container's image is another one; null without a container or image. */
  readonly differs: boolean | null
}

/** A container of the tap that belongs to another folder. */
export interface ElsewhereContainer {
  /** Its name. */
  readonly name: string
  /** The folder that it belongs to. */
  readonly folder: string
  /** The branch that it is for; null without git. */
  readonly branch: string | null
  /** Docker's state: created, running, paused, restarting, exited, dead. */
  readonly state: string
  /** Whether that folder exists on this machine. */
  readonly folderExists: boolean
}

/** What `keg tap status --json` prints for a tap; scripts can rely on these fields. */
export interface TapStatus {
  /** Name of the tap. */
  readonly tap: string
  /** Its folder. */
  readonly folder: string
  /** Whether the folder exists. */
  readonly folderExists: boolean
  /** The branch checked out there; null without git. */
  readonly branch: string | null
  /** Why the branch is unknown, and so which containers are current; null if it is known. */
  readonly trouble: RowTrouble | null
  /** Containers of this folder, of all branches. */
  readonly containers: readonly ContainerStatus[]
  /** Null if no image is configured, or the tap's files cannot be read. */
  readonly wantedImage: WantedImage | null
  /** Syncs of this folder. */
  readonly syncs: readonly ObservedSync[]
  /** Containers of this tap in other folders, such as other worktrees. */
  readonly elsewhere: readonly ElsewhereContainer[]
}

/**
 * Reads the status of a tap: all containers of its folder, including those of other branches, and the syncs into them. Warns
 * about syncs whose folder has another branch checked out.
 * @throws what locateTap, the engine and Mutagen do
 */
export async function readTapStatus(surrounding: Work, options: TapStatusOptions): Promise<TapStatus> {
  const tap = await seeTap(surrounding, options.name)
  const work = await withEngine(surrounding)
  const {engine} = work
  const {all, main} = await findTapContainers(engine, tap, {allBranches: true})
  return {
    tap: tap.name,
    folder: tap.folder,
    folderExists: !tap.isGone,
    branch: tap.branch ?? null,
    trouble: tap.trouble,
    containers: await Promise.all(all.map((container) => readContainerStatus(work, container, tap))),
    wantedImage: tap.isGone || tap.trouble !== null ? null : await findWantedImage(work, main, options),
    syncs: await observeTapSyncs(work, tap, all),
    elsewhere: await findElsewhere(engine, tap),
  }
}

/** @param tap its checked-out branch decides what is current */
export async function readContainerStatus(
  {engine, signal}: Pick<EngineWork, 'engine' | 'signal'>,
  container: ContainerDetails,
  tap: Pick<LocatedTap, 'branch' | 'name'>,
): Promise<ContainerStatus> {
  return containerStatus(container, tap, engine, await readAppState(engine, container, signal))
}

/** @param tap its checked-out branch decides what is current */
export function containerStatus(
  container: ContainerDetails,
  {branch, name}: Pick<LocatedTap, 'branch' | 'name'>,
  {endpoint}: {readonly endpoint: EngineAddress},
  app: AppState | null = null,
): ContainerStatus {
  const {Config, State} = container
  const own = branchOfTapContainer(container)
  const runs = State.Running && !isRestarting(container)
  const ports = runs ? boundPorts(container, []) : []
  const [first] = ports.flatMap((port) => (port.protocol === 'tcp' ? (reachableAddress(port, endpoint) ?? []) : []))
  const url = proxyUrl(Config.Labels) ?? (first && portUrl(first, 'silent'))
  return {
    id: container.Id,
    name: nameOf(container),
    service: serviceOf(container) ?? null,
    main: isMain(container),
    branch: own ?? null,
    current: own === branch && Config.Labels?.[CONTAINER_LABELS.tap] === name,
    state: State.Running && !runs ? 'restarting' : State.Status,
    exitCode: State.Running || State.Status === 'created' ? null : State.ExitCode,
    app,
    health: State.Health?.Status ?? null,
    startedAt: runs ? (State.StartedAt ?? null) : null,
    image: Config.Image,
    imageId: container.Image,
    ports: ports.map(shownPort),
    url: runs && app !== 'idle' ? (url ?? null) : null,
  }
}

/** The status is shown even if files cannot be read. */
async function findWantedImage(
  {engine, environment, folder, warn}: EngineWork,
  main: ContainerDetails | undefined,
  options: TapStatusOptions,
): Promise<WantedImage | null> {
  try {
    const opened = await openTap({environment, folder}, options)
    const reference = wantedImage(opened)
    if (reference === undefined) return null
    const text = formatReference(reference)
    const id = (await engine.image(text))?.Id ?? null
    return {reference: text, id, differs: main === undefined || id === null ? null : main.Image !== id}
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    warn(error.message)
    return null
  }
}

async function observeTapSyncs(
  work: EngineWork,
  tap: LocatedTap,
  containers: readonly ContainerDetails[],
): Promise<readonly ObservedSync[]> {
  const {gone, live, missing} = await findTapSyncs(work, {tap, containers, allBranches: true})
  if (missing !== undefined) work.warn(`${missing.message} Syncs are not shown.`)
  const sessions = [...live, ...gone]
  if (sessions.length === 0) return []
  return observeSyncs(work, {...changing(sessions, {dryRun: true}), patient: true})
}

async function findElsewhere(engine: Engine, {folder, name}: LocatedTap): Promise<ElsewhereContainer[]> {
  const rows = await engine.containers({label: [`${CONTAINER_LABELS.tap}=${name}`, `${CONTAINER_LABELS.role}=dev`]})
  const others = rows.filter(({Labels}) => Labels?.[CONTAINER_LABELS.folder] !== folder)
  return Promise.all(
    others.map(async ({Id, Labels, Names, State}) => {
      const place = Labels?.[CONTAINER_LABELS.folder] ?? ''
      return {
        name: rowName({Id, Names}),
        folder: place,
        branch: Labels?.[CONTAINER_LABELS.branch] || null,
        state: printable(State),
        folderExists: (await stat(place).catch(() => undefined))?.isDirectory() === true,
      }
    }),
  )
}
