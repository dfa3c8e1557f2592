import {rowName} from '../../container/container-name.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerRow, Filters} from '../../engine/types.js'
import {OWNER, ROLE} from '../../label/temporary-labels.js'
import {COMPOSE_PROJECT} from '../target/compose-service.js'

/** What `package run` started: a container, or a compose project. */
export interface StartedPackage {
  /** Name of the container, or of the compose project. */
  readonly name: string
  readonly containers: readonly ContainerRow[]
  /** Finds all of a project's resources, and no others; undefined for a container. */
  readonly filters: Filters | undefined
}

/** By these labels: an image can have the role, but never an owner of its containers. */
const STARTED = [`${ROLE}=package`, OWNER]

/** What `package run` started in an engine and is still there, in any state, by name. */
export async function startedPackages(engine: Pick<Engine, 'containers'>): Promise<readonly StartedPackage[]> {
  const found = new Map<string, StartedPackage>()
  for (const row of await engine.containers({label: STARTED})) {
    const project = row.Labels?.[COMPOSE_PROJECT]
    const isProject = project !== undefined && project !== ''
    const name = isProject ? project : rowName(row)
    const filters = isProject ? {label: [`${ROLE}=package`, `${COMPOSE_PROJECT}=${project}`]} : undefined
    const earlier = isProject ? (found.get(name)?.containers ?? []) : []
    found.set(name, {name, containers: [...earlier, row], filters})
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}
