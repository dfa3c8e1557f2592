import type {ContainerLosses} from './own-changes.js'

/** Everything that would be lost with a container, by kind. */
export interface Losses extends ContainerLosses {
  /** Non-empty anonymous volumes, by folder. */
  readonly volumes: readonly string[]
  /** Non-empty folders in memory. */
  readonly memory: readonly string[]
}

export const NO_LOSSES: Losses = {lost: [], reproducible: [], volumes: [], memory: []}

/** The paths of everything that exists nowhere else. */
export function lostPaths({lost, memory, volumes}: Losses): string[] {
  return [...lost, ...volumes, ...memory]
}

/** The same as text for people. */
export function lostTexts({lost, memory, volumes}: Losses): string[] {
  return [
    ...lost,
    ...volumes.map((path) => `${path} (anonymous volume)`),
    ...memory.map((path) => `${path} (in memory)`),
  ]
}

/** The first few texts, and the number of the others. */
export function firstFew(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED
  const named = texts.slice(0, MAX_NAMED).join(', ')
  return more > 0 ? `${named} and ${more.toLocaleString('en-US')} more` : named
}

const MAX_NAMED = 3
