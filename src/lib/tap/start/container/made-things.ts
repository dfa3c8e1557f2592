import type {Engine} from '../../../engine/engine.js'
import {removeUnusedNetwork} from '../../../proxy/network.js'
import {removeCompletely} from '../../../container/discard.js'
import {nameOf} from '../../../target/find-target.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {COMPOSE_LABELS} from '../../containers/container-order.js'

/** What there is of a compose project. */
export interface ProjectThings {
  readonly containers: ReadonlySet<string>
  readonly networks: ReadonlySet<string>
  readonly volumes: ReadonlySet<string>
}

/** What there is of a compose project, by compose's labels. */
export async function thingsOf(engine: Engine, project: string): Promise<ProjectThings> {
  const filters = {label: [`${COMPOSE_LABELS.project}=${project}`]}
  const [containers, networks, volumes] = await Promise.all([
    engine.containers(filters),
    engine.networks(filters),
    engine.volumes(filters),
  ])
  return {
    containers: new Set(containers.map(({Id}) => Id)),
    networks: new Set(networks.map(({Id}) => Id)),
    volumes: new Set(volumes.map(({Name}) => Name)),
  }
}

/** A start that did not come to its end. */
export interface BrokenStart {
  readonly engine: Engine
  readonly project: string
  /** What there was before it. */
  readonly before: ProjectThings
  /** Networks that it made outside of the project. */
  readonly networks: readonly string[]
  /** The app's container as it was before. */
  readonly existing: ContainerDetails | undefined
  /** Leaves the containers that did run: their logs say what is wrong. */
  readonly keepsStarted: boolean
}

/**
 * Removes what a start made that did not come to its end, and leaves what was there as it was.
 * @returns names of the containers that it left
 */
export async function takeBack(broken: BrokenStart): Promise<string[]> {
  const {before, engine, existing, networks, project} = broken
  const now = await thingsOf(engine, project)
  const left = existing === undefined ? undefined : await engine.container(existing.Id)
  const kept: string[] = []
  for (const id of without(now.containers, before.containers)) {
    const container = broken.keepsStarted ? await engine.container(id) : undefined
    if (container === undefined || container.State.Status === 'created') await removeCompletely(engine, id)
    else kept.push(nameOf(container))
  }
  // Compose renames what it replaces, and stops it, before it removes it.
  if (existing !== undefined && left !== undefined) {
    if (left.Name !== existing.Name) await engine.renameContainer(left.Id, nameOf(existing))
    if (existing.State.Running && !left.State.Running) await engine.startContainer(left.Id)
  }
  for (const id of without(now.networks, before.networks)) await engine.removeNetwork(id)
  for (const name of without(now.volumes, before.volumes)) await engine.removeVolume(name)
  for (const name of networks) await removeUnusedNetwork(engine, name)
  return kept
}

function without(now: ReadonlySet<string>, before: ReadonlySet<string>): string[] {
  return [...now].filter((each) => !before.has(each))
}
