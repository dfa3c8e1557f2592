import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {COMPOSE_SERVICE, isOneOff} from '../../container/target/match-rows.js'

/** A service of a compose project. */
export interface ComposeService {
  /** Undefined if the container does not name it. */
  readonly project: string | undefined
  readonly name: string
}

export const COMPOSE_PROJECT = 'com.docker.compose.project'

/**
 * The service of a container by compose's labels, unless they come from its image. Not for a container of `docker compose run`,
 * which is separate.
 */
export function composeServiceOf(container: ContainerDetails, image: ImageDetails): ComposeService | undefined {
  const own = (label: string): string | undefined =>
    image.Config?.Labels?.[label] === undefined ? container.Config.Labels?.[label] || undefined : undefined
  const name = own(COMPOSE_SERVICE)
  return name === undefined || isOneOff(container.Config.Labels) ? undefined : {project: own(COMPOSE_PROJECT), name}
}
