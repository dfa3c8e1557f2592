import type {ContainerDetails} from '../../engine/types.js'
import {serviceOf} from '../containers/container-order.js'
import {branchOfTapContainer, isMain} from '../../container/tap/tap-containers.js'
import {nameOf} from '../../container/container-name.js'

/** What was done to a container, or would be with a dry run. */
export type ContainerOutcome = 'stopped' | 'started' | 'restarted' | 'removed' | 'planned' | 'unchanged'

/** A container of a tap after a change, as `--json` prints it; scripts can rely on these fields. */
export interface TapContainerResult {
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
  /** What was done to it, or would be. */
  readonly outcome: ContainerOutcome
}

export function containerResult(container: ContainerDetails, outcome: ContainerOutcome): TapContainerResult {
  return {
    id: container.Id,
    name: nameOf(container),
    service: serviceOf(container) ?? null,
    main: isMain(container),
    branch: branchOfTapContainer(container) ?? null,
    outcome,
  }
}
