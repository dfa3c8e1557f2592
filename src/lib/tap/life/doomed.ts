import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {SyncSession} from '../../sync/session.js'
import {nameOf} from '../../target/find-target.js'
import {count, printable} from '../../terminal/text.js'
import {tapNames} from '../tap-names.js'
import {COMPOSE_LABELS, projectOf} from '../containers/container-order.js'
import type {LocatedTap} from '../containers/locate-tap.js'
import {ownChanges} from '../start/container/own-changes.js'
import {findTapContainers, isMain} from '../containers/tap-containers.js'
import {findTapSyncs, type TapWork} from '../containers/tap-syncs.js'

/** Which of a tap's things are to go. */
export interface DestroyWishes {
  /** The containers of all branches of the folder. */
  readonly all: boolean
  /** The project's named volumes, too. */
  readonly volumes: boolean
  /** The images of the tap's own containers, too. */
  readonly image: boolean
}

/** All that goes with a tap. */
export interface Doomed {
  readonly containers: readonly ContainerDetails[]
  /** Paths in each, by its id, that are in no image and on no other machine. */
  readonly changes: ReadonlyMap<string, readonly string[]>
  readonly syncs: readonly SyncSession[]
  /** Why nothing is known of syncs. */
  readonly syncsProblem: string | undefined
  /** Of the project, by name. */
  readonly networks: readonly string[]
  /** That other projects may be in, too: they go where they are keg's and nothing is in them any more. */
  readonly sharedNetworks: readonly string[]
  readonly volumes: readonly string[]
  /** References. */
  readonly images: readonly string[]
  /** Projects that have containers of somebody else, whose networks and volumes stay. */
  readonly sharedProjects: readonly string[]
}

/** Finds what goes with a tap, by labels alone, and touches nothing. */
export async function findDoomed(
  tap: LocatedTap,
  {all, image, volumes}: DestroyWishes,
  work: TapWork,
): Promise<Doomed> {
  const {engine, signal} = work
  const allBranches = all || tap.isGone
  const {all: containers} = await findTapContainers(engine, tap, {allBranches})
  const syncs = await findTapSyncs({tap, containers, allBranches}, work)
  const changes = await Promise.all(
    containers.map(async (container) => {
      const synced = syncs.live.filter(({beta}) => beta.host === container.Id).map(({beta}) => beta.path)
      const mounts = container.Mounts.map(({Destination}) => Destination)
      return [container.Id, ownChanges(await engine.changes(container.Id, signal), {mounts, synced})] as const
    }),
  )
  const {own, shared} = await findProjects(engine, tap, containers)
  const networks = await namesOf(own, (filter) => engine.networks(filter))
  const joined = containers.flatMap(({NetworkSettings}) => Object.keys(NetworkSettings?.Networks ?? {}))
  return {
    containers,
    changes: new Map(changes),
    syncs: [...syncs.live, ...syncs.gone],
    syncsProblem: syncs.missing?.message,
    networks,
    sharedNetworks: [...new Set(joined)].filter((name) => !networks.includes(name)),
    volumes: volumes ? await namesOf(own, (filter) => engine.volumes(filter)) : [],
    images: image ? [...new Set(containers.filter(isMain).map(({Config}) => Config.Image))] : [],
    sharedProjects: shared,
  }
}

/** Whether there is nothing to take away. */
export function isNothing({containers, networks, syncs, volumes}: Doomed): boolean {
  return [containers, networks, syncs, volumes].every((list) => list.length === 0)
}

/** One line for each thing, fit to show. */
export function doomedLines({changes, containers, images, networks, syncs, volumes}: Doomed): string[] {
  return [
    ...syncs.map((session) => {
      const conflicts = session.conflicts.length + session.excludedConflicts
      const note = conflicts === 0 ? '' : `, ${count(conflicts, 'conflict')}: what the container has is lost`
      return `  sync ${session.name ?? session.id}${note}`
    }),
    ...containers.map((container) => {
      const own = changes.get(container.Id) ?? []
      const notes = [container.State.Status, ...(own.length === 0 ? [] : [changesText(own)])]
      return `  container ${nameOf(container)} (${notes.join(', ')})`
    }),
    ...networks.map((name) => `  network ${name}`),
    ...volumes.map((name) => `  volume ${name}, with all that is in it`),
    ...images.map((name) => `  image ${name}`),
  ].map((line) => printable(line))
}

/** The question, with those that have something to lose. */
export function doomedQuestion({name}: LocatedTap, {changes, containers}: Doomed): string {
  const losing = containers.filter(({Id}) => (changes.get(Id) ?? []).length > 0).map(nameOf)
  if (losing.length === 0) return `Destroy this of the tap ${name}?`
  const verb = losing.length === 1 ? 'has' : 'have'
  return `${losing.join(', ')} ${verb} changes that are nowhere else (keg tap package keeps them). Destroy this of the tap ${name}?`
}

const MOST_NAMED = 3

function changesText(paths: readonly string[]): string {
  const named = paths.slice(0, MOST_NAMED).join(', ')
  const more = paths.length > MOST_NAMED ? ` and ${(paths.length - MOST_NAMED).toLocaleString('en-US')} more` : ''
  return `changed in it alone: ${named}${more}`
}

/** The projects of a tap: its containers', and its own where these are gone already. */
async function findProjects(
  engine: Engine,
  tap: LocatedTap,
  containers: readonly ContainerDetails[],
): Promise<{readonly own: readonly string[]; readonly shared: readonly string[]}> {
  const names = containers.map(projectOf).filter((name) => name !== undefined)
  const projects = new Set(tap.isGone ? names : [...names, tapNames(tap).project])
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
