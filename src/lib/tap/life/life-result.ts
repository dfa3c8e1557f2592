import type {ContainerDetails} from '../../engine/types.js'
import {nameOf} from '../../target/find-target.js'
import {serviceOf} from '../containers/container-order.js'
import {branchOfTapContainer, isMain} from '../containers/tap-containers.js'

/** What was done to a container, or would be with a dry run. */
export type ContainerOutcome = 'stopped' | 'started' | 'restarted' | 'removed' | 'planned' | 'unchanged'

/** A container of a tap after a change, as `--json` prints it; scripts can rely on these fields. */
export interface TapContainerResult {
  /** All 64 digits. */
  readonly id: string
  readonly name: string
  /** Compose's name of the service; null for one that compose did not make. */
  readonly service: string | null
  /** Whether it is the one that the tap's code is synced into. */
  readonly main: boolean
  readonly branch: string | null
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
