import {stat} from 'node:fs/promises'
import {Engine} from '../../engine/engine.js'
import type {EngineAddress} from '../../engine/engine-address.js'
import type {ContainerDetails} from '../../engine/types.js'
import {KegError} from '../../error/keg-error.js'
import {boundPorts} from '../../port/bound-ports.js'
import {portUrl, reachableAddress, shownPort} from '../../port/reachable-address.js'
import {formatReference} from '../../reference/reference.js'
import {observeSyncs, type ObservedSync} from '../../sync/observe-syncs.js'
import {CONTAINER_LABELS} from '../../target/container-labels.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {serviceOf} from '../containers/container-order.js'
import {locateTap, type LocatedTap} from '../containers/locate-tap.js'
import {branchOfTapContainer, findTapContainers, isMain} from '../containers/tap-containers.js'
import {changing, findTapSyncs, type TapWork} from '../containers/tap-syncs.js'
import {openTap, type OpenTapOptions} from '../open-tap.js'
import {wantedImage} from '../tap-images.js'
import {proxyUrl} from './proxy-url.js'

export interface TapStatusOptions extends Omit<TapWork, 'engine'>, Omit<OpenTapOptions, 'flags'> {}

/** A container of a tap, as `--json` prints it; scripts can rely on these fields. */
export interface ContainerStatus {
  /** All 64 digits. */
  readonly id: string
  readonly name: string
  /** Compose's name of the service; null for one that compose did not make. */
  readonly service: string | null
  /** Whether it is the one that the tap's code is synced into. */
  readonly main: boolean
  readonly branch: string | null
  /** Whether it is for the branch that is checked out. */
  readonly current: boolean
  /** Docker's word: created, running, paused, restarting, exited, dead. */
  readonly state: string
  /** Of one that has ended. */
  readonly exitCode: number | null
  /** Docker's word: starting, healthy, unhealthy; null without a healthcheck. */
  readonly health: string | null
  /** ISO 8601; null for one that does not run. */
  readonly startedAt: string | null
  readonly image: string
  readonly imageId: string
  /** Ports in docker's words: `8080/tcp` at `127.0.0.1:8080`. */
  readonly ports: readonly {readonly container: string; readonly host: string}[]
  readonly url: string | null
}

/** The image that `keg tap start` would take, as far as this engine knows without asking a registry. */
export interface WantedImage {
  readonly reference: string
  /** Null where it is not here. */
  readonly id: string | null
  /** Whether the container was made from another one; null where there is no container, or no image. */
  readonly differs: boolean | null
}

/** A container of the tap that belongs to another folder. */
export interface ElsewhereContainer {
  readonly name: string
  readonly folder: string
  readonly branch: string | null
  readonly state: string
  /** Whether that folder is on this machine. */
  readonly folderExists: boolean
}

/** What `keg tap status --json` prints for a tap; scripts can rely on these fields. */
export interface TapStatus {
  readonly tap: string
  readonly folder: string
  /** Whether the folder is there. */
  readonly folderExists: boolean
  readonly branch: string | null
  readonly containers: readonly ContainerStatus[]
  /** Null where nobody names an image, or the tap's files cannot be read. */
  readonly wantedImage: WantedImage | null
  readonly syncs: readonly ObservedSync[]
  /** Containers of this tap in other folders, such as other worktrees. */
  readonly elsewhere: readonly ElsewhereContainer[]
}

/**
 * Looks how a tap is: all containers of its folder, those of other branches included, and the syncs into them. Warns of syncs in
 * whose folder another branch is checked out.
 * @throws what locateTap, the engine and Mutagen do
 */
export async function readTapStatus(options: TapStatusOptions): Promise<TapStatus> {
  const {environment, signal} = options
  const tap = await locateTap(options)
  await using engine = await Engine.connect(environment, signal)
  const {all, main} = await findTapContainers(engine, tap, {allBranches: true})
  return {
    tap: tap.name,
    folder: tap.folder,
    folderExists: !tap.isGone,
    branch: tap.branch ?? null,
    containers: all.map((container) => containerStatus(container, tap, engine)),
    wantedImage: tap.isGone ? null : await findWantedImage(engine, main, options),
    syncs: await observeTapSyncs(tap, all, {...options, engine}),
    elsewhere: await findElsewhere(engine, tap),
  }
}

/** @param tap whose branch is checked out */
export function containerStatus(
  container: ContainerDetails,
  {branch, name}: Pick<LocatedTap, 'branch' | 'name'>,
  {endpoint}: {readonly endpoint: EngineAddress},
): ContainerStatus {
  const {Config, State} = container
  const own = branchOfTapContainer(container)
  const ports = State.Running ? boundPorts(container, []) : []
  const [first] = ports.flatMap((port) => (port.protocol === 'tcp' ? (reachableAddress(port, endpoint) ?? []) : []))
  const url = proxyUrl(Config.Labels) ?? (first && portUrl(first, 'silent'))
  return {
    id: container.Id,
    name: nameOf(container),
    service: serviceOf(container) ?? null,
    main: isMain(container),
    branch: own ?? null,
    current: own === branch && Config.Labels?.[CONTAINER_LABELS.tap] === name,
    state: State.Status,
    exitCode: State.Running || State.Status === 'created' ? null : State.ExitCode,
    health: State.Health?.Status ?? null,
    startedAt: State.Running ? (State.StartedAt ?? null) : null,
    image: Config.Image,
    imageId: container.Image,
    ports: ports.map(shownPort),
    url: State.Running ? (url ?? null) : null,
  }
}

/** Files that cannot be read keep nobody from seeing what runs. */
async function findWantedImage(
  engine: Engine,
  main: ContainerDetails | undefined,
  options: TapStatusOptions,
): Promise<WantedImage | null> {
  try {
    const opened = await openTap(options)
    const reference = wantedImage(opened)
    if (reference === undefined) return null
    const text = formatReference(reference)
    const id = (await engine.image(text))?.Id ?? null
    return {reference: text, id, differs: main === undefined || id === null ? null : main.Image !== id}
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    options.say(`Warning: ${error.message}`)
    return null
  }
}

async function observeTapSyncs(
  tap: LocatedTap,
  containers: readonly ContainerDetails[],
  work: TapWork,
): Promise<readonly ObservedSync[]> {
  const {gone, live, missing} = await findTapSyncs({tap, containers, allBranches: true}, work)
  if (missing !== undefined) work.say(`Warning: ${missing.message} Nothing is known of syncs.`)
  const sessions = [...live, ...gone]
  if (sessions.length === 0) return []
  return observeSyncs({...changing(sessions, work, {dryRun: true, folder: tap.folder}), patient: true})
}

async function findElsewhere(engine: Engine, {folder, name}: LocatedTap): Promise<ElsewhereContainer[]> {
  const rows = await engine.containers({label: [`${CONTAINER_LABELS.tap}=${name}`, `${CONTAINER_LABELS.role}=dev`]})
  const others = rows.filter(({Labels}) => Labels?.[CONTAINER_LABELS.folder] !== folder)
  return Promise.all(
    others.map(async ({Id, Labels, Names, State}) => {
      const place = Labels?.[CONTAINER_LABELS.folder] ?? ''
      return {
        name: Names?.[0]?.replace(/^\//, '') ?? Id.slice(0, 12),
        folder: place,
        branch: Labels?.[CONTAINER_LABELS.branch] || null,
        state: printable(State),
        folderExists: (await stat(place).catch(() => undefined))?.isDirectory() === true,
      }
    }),
  )
}
