import type {ContainerDetails} from '../../engine/types.js'

/** Labels that compose writes on what it makes (compose-go, pkg/api/labels.go). */
export const COMPOSE_LABELS = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  /** `db:service_healthy:false,cache:service_started:true`: service, condition, whether it restarts with it. */
  dependsOn: 'com.docker.compose.depends_on',
} as const

type Labelled = Pick<ContainerDetails, 'Config'>

/**
 * Containers in the order in which they are started: each list after those before it, what is in one list side by side. What is
 * stopped is stopped the other way round. Services that wait for each other in a circle are in one list.
 */
export function startOrder<T extends Labelled>(containers: readonly T[]): T[][] {
  const lists: T[][] = []
  let left = containers
  while (left.length > 0) {
    const ready = left.filter((container) => !left.some((other) => other !== container && waitsFor(container, other)))
    const next = ready.length > 0 ? ready : left
    lists.push([...next])
    left = left.filter((container) => !next.includes(container))
  }
  return lists
}

/** Whether a container is started only once another is healthy. */
export function waitsForHealth(container: Labelled, other: Labelled): boolean {
  return dependencyOn(container, other)?.condition === 'service_healthy'
}

/** Compose's name of the service; undefined for a container that compose did not make. */
export function serviceOf({Config}: Labelled): string | undefined {
  return Config.Labels?.[COMPOSE_LABELS.service]
}

/** Compose's name of the project. */
export function projectOf({Config}: Labelled): string | undefined {
  return Config.Labels?.[COMPOSE_LABELS.project]
}

function waitsFor(container: Labelled, other: Labelled): boolean {
  return dependencyOn(container, other) !== undefined
}

function dependencyOn(container: Labelled, other: Labelled): {readonly condition: string | undefined} | undefined {
  if (projectOf(container) !== projectOf(other)) return undefined
  const parts = (container.Config.Labels?.[COMPOSE_LABELS.dependsOn] ?? '').split(',').map((part) => part.split(':'))
  const part = parts.find(([service]) => service !== '' && service === serviceOf(other))
  return part && {condition: part[1]}
}
