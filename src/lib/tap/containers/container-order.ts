import type {ContainerDetails} from '../../engine/types.js'

/** Labels that compose sets (compose-go, pkg/api/labels.go). */
export const COMPOSE_LABELS = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  /** `db:service_healthy:false,cache:service_started:true`: service, condition, whether it is restarted with it. */
  dependsOn: 'com.docker.compose.depends_on',
} as const

type Labelled = Pick<ContainerDetails, 'Config'>

/**
 * Containers in start order: each list after the one before it, those in one list side by side. Stopping is the reverse.
 * Services that depend on each other in a circle are in the same list.
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

/** Whether a container starts only after another is healthy. */
export function waitsForHealth(container: Labelled, other: Labelled): boolean {
  return dependencyOn(container, other)?.condition === 'service_healthy'
}

/** Whether a container starts only after another has completed. */
export function waitsForEnd(container: Labelled, other: Labelled): boolean {
  return dependencyOn(container, other)?.condition === 'service_completed_successfully'
}

/** Those of the given containers that one depends on, directly or not. */
export function dependenciesOf<T extends Labelled>(container: Labelled, containers: readonly T[]): T[] {
  const found = new Set<T>()
  const add = (waiting: Labelled): void => {
    for (const other of containers) {
      if (other === container || found.has(other) || !waitsFor(waiting, other)) continue
      found.add(other)
      add(other)
    }
  }
  add(container)
  return [...found]
}

/** Compose's service name; undefined for a container that compose did not create. */
export function serviceOf({Config}: Labelled): string | undefined {
  return Config.Labels?.[COMPOSE_LABELS.service]
}

/** Compose's project name. */
export function projectOf({Config}: Labelled): string | undefined {
  return Config.Labels?.[COMPOSE_LABELS.project]
}

/** Whether a container starts only after another, for whatever condition. */
export function waitsFor(container: Labelled, other: Labelled): boolean {
  return dependencyOn(container, other) !== undefined
}

function dependencyOn(container: Labelled, other: Labelled): {readonly condition: string | undefined} | undefined {
  if (projectOf(container) !== projectOf(other)) return undefined
  const parts = (container.Config.Labels?.[COMPOSE_LABELS.dependsOn] ?? '').split(',').map((part) => part.split(':'))
  const part = parts.find(([service]) => service !== '' && service === serviceOf(other))
  return part && {condition: part[1]}
}
