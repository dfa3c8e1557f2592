import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'

/** The engine's names for anonymous volumes. */
const ANONYMOUS = /^[0-9a-f]{64}$/

/**
 * The engine removes the anonymous volumes of a `docker run --rm` container when it ends, but not those in use by a helper
 * container at that moment, which would stay forever. Removes them once no helper container is left.
 */
export async function removeAbandonedVolumes(engine: Engine, container: ContainerDetails): Promise<void> {
  if (container.HostConfig.AutoRemove !== true) return
  if ((await engine.container(container.Id)) !== undefined) return
  for (const name of anonymousVolumes(container)) await engine.removeVolume(name)
}

/** The anonymous volumes that the engine created for this container. */
export function anonymousVolumes({HostConfig, Mounts}: Pick<ContainerDetails, 'HostConfig' | 'Mounts'>): string[] {
  const named = new Set([
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':', 1)[0]),
    ...(HostConfig.Mounts ?? []).map(({Source}) => Source),
  ])
  return Mounts.flatMap(({Name, Type}) =>
    Type === 'volume' && Name !== undefined && ANONYMOUS.test(Name) && !named.has(Name) ? [Name] : [],
  )
}
