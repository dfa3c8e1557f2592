import {COMPOSE_SERVICE, isOneOff} from '../../container/target/match-rows.js'
import {nameOf} from '../../container/container-name.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {COMPOSE_PROJECT, composeServiceOf, type ComposeService} from './compose-service.js'

/** Another service of a container's compose project, which is not in its package. */
export interface OtherService {
  /** Its name in the compose file. */
  readonly service: string
  /** The names by which the container finds it in the networks that they share; empty if they share none. */
  readonly names: readonly string[]
}

/**
 * The other services of a container's compose project that have containers, by name.
 * @param image of the container
 * @throws what the engine throws
 */
export async function findOtherServices(
  engine: Pick<Engine, 'container' | 'containers'>,
  container: ContainerDetails,
  image: ImageDetails,
): Promise<readonly OtherService[]> {
  const own = composeServiceOf(container, image)
  if (own?.project === undefined) return []
  const rows = await engine.containers({label: [`${COMPOSE_PROJECT}=${own.project}`]})
  const others = rows.filter(({Labels}) => Labels?.[COMPOSE_SERVICE] !== own.name && !isOneOff(Labels))
  const found = new Map<string, Set<string>>()
  for (const other of await Promise.all(others.map(({Id}) => engine.container(Id)))) {
    // Undefined if it was removed meanwhile.
    const service = other?.Config.Labels?.[COMPOSE_SERVICE]
    if (other === undefined || service === undefined) continue
    const names = found.get(service) ?? new Set()
    for (const name of namesIn(other, container)) names.add(name)
    found.set(service, names)
  }
  return [...found]
    .map(([service, names]) => ({service, names: [...names].sort()}))
    .sort((one, other) => (one.service < other.service ? -1 : 1))
}

/** The names of a container in the networks of another, without its id and what compose calls it by default. */
function namesIn(other: ContainerDetails, container: ContainerDetails): readonly string[] {
  const networks = Object.keys(container.NetworkSettings?.Networks ?? {})
  const aliases = networks.flatMap((network) => other.NetworkSettings?.Networks?.[network]?.Aliases ?? [])
  const name = nameOf(other)
  const made = [other.Id.slice(0, 12), ...(MADE_NAME.test(name) ? [name] : [])]
  return aliases.filter((alias) => !made.includes(alias))
}

/** Compose's own name of a container: `PROJECT-SERVICE-NUMBER`, with `_` in its first version. */
const MADE_NAME = /[-_]\d+$/

/** What is missing where such a package is run; undefined if nothing is. */
export function otherServicesText(
  service: Pick<ComposeService, 'name' | 'project'> | undefined,
  others: readonly OtherService[],
): string | undefined {
  if (service?.project === undefined || others.length === 0) return undefined
  const listed = others.map((other) => other.service).join(', ')
  const names = [...new Set(others.flatMap((other) => other.names))]
  const wanted = names.length === 0 ? '' : ` Where it is run, it will look for: ${names.join(', ')}.`
  return printable(
    `Only ${service.name} of the compose project ${service.project} is packaged, not ${listed}. To package all: ${commandLine`keg docker package --project`}.${wanted}`,
  )
}
