import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {SyncSession} from '../../mutagen/session.js'
import {count, printable} from '../../terminal/text.js'
import {tapProject} from '../../tap-folder/tap-project.js'
import {COMPOSE_LABELS, projectOf} from '../containers/container-order.js'
import type {LocatedTap} from '../containers/locate-tap.js'
import {codeOf, lossesOf} from '../containers/container-losses.js'
import {ANONYMOUS, filledMemory, filledVolumes} from '../containers/fleeting-data.js'
import {firstFew, lostPaths, lostTexts, NO_LOSSES, type Losses} from '../containers/losses.js'
import {findTapContainers, isMain} from '../../container/tap/tap-containers.js'
import {findTapSyncs} from '../containers/tap-syncs.js'
import {nameOf} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What to remove of a tap. */
export interface DestroyOptions {
  /** The containers of all branches of the folder. */
  readonly all: boolean
  /** Also the project's named volumes. */
  readonly volumes: boolean
  /** Also the images of the tap's own containers. */
  readonly image: boolean
}

/** Everything that is removed with a tap. */
export interface DestroyPlan {
  readonly containers: readonly ContainerDetails[]
  /** Data of each container, by its id, that is in no image and not on this machine. */
  readonly losses: ReadonlyMap<string, Losses>
  readonly syncs: readonly SyncSession[]
  /** Why the syncs are unknown. */
  readonly syncsProblem: string | undefined
  /** The project's networks, by name. */
  readonly networks: readonly string[]
  /** Networks that other projects may use: removed if they are keg's and no longer used. */
  readonly sharedNetworks: readonly string[]
  readonly volumes: readonly string[]
  /** Named volumes of the containers and of the project that stay. */
  readonly keptVolumes: readonly string[]
  /** References. */
  readonly images: readonly string[]
  /** Projects with containers that are not keg's: their networks and volumes stay. */
  readonly sharedProjects: readonly string[]
}

/** Finds what to remove with a tap, by label alone, and changes nothing. */
export async function planDestroy(
  work: EngineWork,
  tap: LocatedTap,
  {all, image, volumes}: DestroyOptions,
): Promise<DestroyPlan> {
  const {engine, signal} = work
  const allBranches = all || tap.isGone
  const {all: containers} = await findTapContainers(engine, tap, {allBranches})
  const syncs = await findTapSyncs(work, {tap, containers, allBranches})
  const losses = await Promise.all(
    containers.map(async (container) => {
      const code = isMain(container) ? codeOf(container, {folder: tap.folder, appPath: undefined}) : []
      const found = {
        ...(await lossesOf(work, container, code)),
        volumes: await filledVolumes(engine, container, signal),
        memory: await filledMemory(engine, container),
      }
      return [container.Id, found] as const
    }),
  )
  const {own, shared} = await findProjects(engine, tap, containers)
  const networks = await namesOf(own, (filter) => engine.networks(filter))
  const projectVolumes = await namesOf(own, (filter) => engine.volumes(filter))
  const mounted = containers.flatMap(namedVolumes)
  const removed = volumes ? projectVolumes : []
  const joined = containers.flatMap(({NetworkSettings}) => Object.keys(NetworkSettings?.Networks ?? {}))
  return {
    containers,
    losses: new Map(losses),
    syncs: [...syncs.live, ...syncs.gone],
    syncsProblem: syncs.missing?.message,
    networks,
    sharedNetworks: [...new Set(joined)].filter((name) => !networks.includes(name)),
    volumes: removed,
    keptVolumes: [...new Set([...projectVolumes, ...mounted])].filter((name) => !removed.includes(name)).sort(),
    images: image ? [...new Set(containers.filter(isMain).map(({Config}) => Config.Image))] : [],
    sharedProjects: shared,
  }
}

/** Named volumes: anonymous ones are removed with their container. */
function namedVolumes({Mounts}: ContainerDetails): string[] {
  return Mounts.flatMap(({Name = '', Type}) => (Type === 'volume' && !ANONYMOUS.test(Name) ? [Name] : []))
}

/**
 * What happens to the volumes that stay, in a sentence; undefined if there are none.
 * @param removesVolumes whether `--volumes` was given: then only volumes that others may use stay
 */
export function keptVolumesText(
  {keptVolumes}: Pick<DestroyPlan, 'keptVolumes'>,
  removesVolumes: boolean,
): string | undefined {
  if (keptVolumes.length === 0) return undefined
  const names = printable(keptVolumes.join(', '))
  const isOne = keptVolumes.length === 1
  const which = isOne ? `The volume ${names} is kept, with its data` : `The volumes ${names} are kept, with their data`
  return removesVolumes
    ? `${which}: not made for this tap alone.`
    : `${which}. --volumes removes what was made for this tap.`
}

/** Whether there is nothing to remove. */
export function isNothing({containers, networks, syncs, volumes}: DestroyPlan): boolean {
  return [containers, networks, syncs, volumes].every((list) => list.length === 0)
}

/** One line for each item, printable. */
export function destroyPlanLines({containers, images, losses, networks, syncs, volumes}: DestroyPlan): string[] {
  return [
    ...syncs.map((session) => {
      const conflicts = session.conflicts.length + session.excludedConflicts
      const note = conflicts === 0 ? '' : `, ${count(conflicts, 'conflict')}: what the container has is lost`
      return `  sync ${session.name ?? session.id}${note}`
    }),
    ...containers.map((container) => containerLine(container, losses)),
    ...networks.map((name) => `  network ${name}`),
    ...volumes.map((name) => `  volume ${name}, with its data`),
    ...images.map((name) => `  image ${name}`),
  ].map((line) => printable(line))
}

/** What a dry run adds to the list: one line for each container with data to lose, printable. */
export function lossLines(plan: DestroyPlan): string[] {
  return losingContainers(plan).map((container) => printable(containerLine(container, plan.losses)))
}

/** The question, naming those with data to lose. */
export function destroyQuestion({name}: LocatedTap, plan: DestroyPlan): string {
  const losing = losingContainers(plan).map(nameOf)
  if (losing.length === 0) return `Destroy this of the tap ${name}?`
  const verb = losing.length === 1 ? 'has' : 'have'
  return `${losing.join(', ')} ${verb} data that is nowhere else. Destroy this of the tap ${name}?`
}

function losingContainers({containers, losses}: DestroyPlan): ContainerDetails[] {
  return containers.filter(({Id}) => lostPaths(losses.get(Id) ?? NO_LOSSES).length > 0)
}

function containerLine(container: ContainerDetails, losses: DestroyPlan['losses']): string {
  const notes = [container.State.Status, ...lossNotes(losses.get(container.Id) ?? NO_LOSSES)]
  return `  container ${nameOf(container)} (${notes.join(', ')})`
}

function lossNotes(losses: Losses): string[] {
  const lost = lostTexts(losses)
  return [
    ...(lost.length === 0 ? [] : [`in it alone: ${firstFew(lost)}`]),
    ...(losses.reproducible.length === 0 ? [] : [`comes back by itself: ${firstFew(losses.reproducible)}`]),
  ]
}

/** The projects of a tap: its containers', and its own in case these are gone. */
async function findProjects(
  engine: Engine,
  tap: LocatedTap,
  containers: readonly ContainerDetails[],
): Promise<{readonly own: readonly string[]; readonly shared: readonly string[]}> {
  const names = containers.map(projectOf).filter((name) => name !== undefined)
  const projects = new Set(tap.isGone ? names : [...names, tapProject(tap)])
  const [own, shared]: [string[], string[]] = [[], []]
  for (const project of projects) {
    const rows = await engine.containers(ofProject(project))
    const isOwn = rows.every(({Id}) => containers.some((container) => container.Id === Id))
    ;(isOwn ? own : shared).push(project)
  }
  return {own, shared}
}

async function namesOf(
  projects: readonly string[],
  find: (filters: ReturnType<typeof ofProject>) => Promise<readonly {readonly Name: string}[]>,
): Promise<string[]> {
  const lists = await Promise.all(projects.map((project) => find(ofProject(project))))
  return lists.flat().map(({Name}) => Name)
}

function ofProject(project: string): {label: string[]} {
  return {label: [`${COMPOSE_LABELS.project}=${project}`]}
}
