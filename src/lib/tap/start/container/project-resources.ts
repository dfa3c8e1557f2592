import type {Engine} from '../../../engine/engine.js'
import {removeUnusedNetwork} from '../../../proxy/network.js'
import {removeCompletely} from '../../../container/discard.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {untilQuiet} from '../../../container/until-quiet.js'
import {COMPOSE_LABELS} from '../../containers/container-order.js'
import {nameOf} from '../../../container/container-name.js'

/** The resources of a compose project. */
export interface ProjectResources {
  readonly containers: ReadonlySet<string>
  readonly networks: ReadonlySet<string>
  readonly volumes: ReadonlySet<string>
}

/** The resources of a compose project, by compose's labels. */
export async function listProjectResources(engine: Engine, project: string): Promise<ProjectResources> {
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

/** A start that did not finish. */
export interface FailedStart {
  readonly project: string
  /** What existed before it. */
  readonly before: ProjectResources
  /** Networks that it created outside of the project. */
  readonly networks: readonly string[]
  /** The app's container as it was before. */
  readonly existing: ContainerDetails | undefined
  /** Keep the containers that ran: their logs show what is wrong. */
  readonly keepStarted: boolean
}

/**
 * Removes what an unfinished start created, and leaves everything else unchanged.
 * @returns names of the containers that it kept
 */
export async function rollBack(engine: Engine, failed: FailedStart): Promise<string[]> {
  const {existing, networks} = failed
  const left = existing === undefined ? undefined : await engine.container(existing.Id)
  const kept = new Set<string>()
  await untilQuiet(() => removeNew(engine, failed, kept))
  // Compose renames and stops a container before it removes the replaced one.
  if (existing !== undefined && left !== undefined) {
    if (left.Name !== existing.Name) await engine.renameContainer(left.Id, nameOf(existing))
    if (existing.State.Running && !left.State.Running) await engine.startContainer(left.Id)
  }
  for (const name of networks) await removeUnusedNetwork(engine, name)
  return [...kept]
}

/** Removes what is new, but for containers that ran if they are to be kept, and what these use. @returns whether there was anything */
async function removeNew(
  engine: Engine,
  {before, keepStarted, project}: FailedStart,
  kept: Set<string>,
): Promise<boolean> {
  const now = await listProjectResources(engine, project)
  let removed = 0
  for (const id of without(now.containers, before.containers)) {
    const container = keepStarted ? await engine.container(id) : undefined
    if (container === undefined || container.State.Status === 'created') {
      await removeCompletely(engine, id)
      removed++
    } else kept.add(nameOf(container))
  }
  for (const id of without(now.networks, before.networks)) removed += Number(await engine.removeNetwork(id))
  for (const name of without(now.volumes, before.volumes)) removed += Number(await engine.removeVolume(name))
  return removed > 0
}

function without(now: ReadonlySet<string>, before: ReadonlySet<string>): string[] {
  return [...now].filter((each) => !before.has(each))
}
