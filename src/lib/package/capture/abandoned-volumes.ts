import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'

/** What engines call a volume that nobody named. */
const ANONYMOUS = /^[0-9a-f]{64}$/

/**
 * A container of `docker run --rm` takes its anonymous volumes along when it ends, but not those that a helper container has
 * at that moment: they would stay for ever. Removes them once no helper container is left.
 */
export async function removeAbandonedVolumes(engine: Engine, container: ContainerDetails): Promise<void> {
  if (container.HostConfig.AutoRemove !== true) return
  if ((await engine.container(container.Id)) !== undefined) return
  for (const name of anonymousVolumes(container)) await engine.removeVolume(name)
}

/** Volumes that the engine made for this container alone, and nobody asked for by a name. */
export function anonymousVolumes({HostConfig, Mounts}: Pick<ContainerDetails, 'HostConfig' | 'Mounts'>): string[] {
  const named = new Set([
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':', 1)[0]),
    ...(HostConfig.Mounts ?? []).map(({Source}) => Source),
  ])
  return Mounts.flatMap(({Name, Type}) =>
    Type === 'volume' && Name !== undefined && ANONYMOUS.test(Name) && !named.has(Name) ? [Name] : [],
  )
}
