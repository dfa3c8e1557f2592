import type {ContainerDetails} from '../../engine/types.js'
import {mountPath} from '../../container/mount-points.js'
import type {ProjectContainer} from './model.js'

/** A volume in a container. */
export interface MountedVolume {
  /** Its name in the engine. */
  readonly name: string
  readonly destination: string
  readonly readOnly: boolean
}

/** The named volumes of a container. One without a name of its own belongs to its container alone. */
export function namedVolumes({Mounts}: Pick<ContainerDetails, 'Mounts'>): MountedVolume[] {
  return Mounts.flatMap(({Destination, Name, RW, Type}) =>
    Type === 'volume' && Name !== undefined && !ANONYMOUS.test(Name)
      ? [{name: Name, destination: mountPath(Destination), readOnly: !RW}]
      : [],
  )
}

/** What an engine calls a volume that nobody named. */
const ANONYMOUS = /^[0-9a-f]{64}$/

/**
 * Which service has the content of each named volume in its image: the first that mounts it, and can write to it if one can.
 * @returns the name of a service by that of a volume
 */
export function volumeCarriers(services: readonly ProjectContainer[]): ReadonlyMap<string, string> {
  const carriers = new Map<string, {readonly service: string; readonly readOnly: boolean}>()
  for (const {container, service} of services)
    for (const {name, readOnly} of namedVolumes(container)) {
      const carrier = carriers.get(name)
      if (carrier === undefined || (carrier.readOnly && !readOnly)) carriers.set(name, {service, readOnly})
    }
  return new Map([...carriers].map(([name, {service}]) => [name, service]))
}

/** The mounts of a service whose content another one has in its image, by destination: the name of that. */
export function carriedElsewhere(
  {container, service}: ProjectContainer,
  carriers: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const seen = new Set<string>()
  for (const {destination, name} of namedVolumes(container)) {
    const carrier = carriers.get(name)
    // Mounted twice, it is carried once.
    if (carrier !== undefined && (carrier !== service || seen.has(name))) found.set(destination, carrier)
    seen.add(name)
  }
  return found
}
