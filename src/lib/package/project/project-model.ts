import type {EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails} from '../../engine/types.js'
import {platformText} from '../../image/platform.js'
import type {ImageDetails} from '../../engine/types.js'
import type {Digest} from '../../reference/reference.js'
import {nameOf} from '../../container/container-name.js'
import {CONDITIONS, PROTOCOLS, type ComposeProject, type ProjectContainer, type ProjectModel} from './model.js'
import type {Condition, ProjectService, ServiceVolume} from './model.js'
import {carriedElsewhere, namedVolumes, volumeCarriers} from './shared-volumes.js'

/** What compose writes down about a service's dependencies: `db:service_healthy:false,cache:service_started:true`. */
const DEPENDS_ON = 'com.docker.compose.depends_on'

/** The image of a service, once it is made. */
export interface ServiceImage {
  readonly digest: Digest
  readonly platform: Pick<ImageDetails, 'Architecture' | 'Os' | 'Variant'>
}

/**
 * The model of a project, from its containers: they have what compose resolved when it made them, whatever became of its files, which
 * need not be on this machine.
 * @param images by service
 * @throws what the engine throws
 */
export async function projectModel(
  {engine}: Pick<EngineWork, 'engine'>,
  {name, services}: ComposeProject,
  images: ReadonlyMap<string, ServiceImage>,
): Promise<ProjectModel> {
  const carriers = volumeCarriers(services)
  const shortName = (full: string): string => (full.startsWith(`${name}_`) ? full.slice(name.length + 1) : full)
  const found = services.map((service): [string, ProjectService] => [
    service.service,
    serviceOf(service, {services, images, carriers, shortName}),
  ])
  const networks = new Set(services.flatMap(({container}) => ownNetworks(container)))
  const details = await Promise.all([...networks].map(async (each) => [each, await engine.network(each)] as const))
  const volumes = [...carriers.keys()].map(shortName).sort()
  return {
    name,
    services: Object.fromEntries(found),
    networks: Object.fromEntries(
      details.map(([full, network]) => [shortName(full), network?.Internal === true ? {internal: true} : {}]),
    ),
    volumes: Object.fromEntries(volumes.map((each) => [each, {}])),
  }
}

interface Surroundings {
  readonly services: readonly ProjectContainer[]
  readonly images: ReadonlyMap<string, ServiceImage>
  readonly carriers: ReadonlyMap<string, string>
  readonly shortName: (full: string) => string
}

function serviceOf(service: ProjectContainer, around: Surroundings): ProjectService {
  const {container, replicas} = service
  const image = around.images.get(service.service)
  if (image === undefined) throw new Error(`no image of ${service.service}`)
  const {Architecture: architecture, Os: os, Variant: variant} = image.platform
  const {RestartPolicy: restart} = container.HostConfig
  const parts = {
    depends_on: dependenciesOf(container, around.services),
    networks: networksOf(service, around),
    ports: portsOf(container),
    volumes: volumesOf(service, around),
  }
  const mode = networkMode(container, around.services)
  const isRestarted = restart?.Name === 'always' || restart?.Name === 'unless-stopped' || restart?.Name === 'on-failure'
  return {
    image: image.digest,
    platform: platformText({os, architecture, variant}),
    ...(replicas.length > 0 && {scale: replicas.length + 1}),
    ...(isRestarted && {restart: restart.Name}),
    ...(mode !== undefined && {network_mode: mode}),
    ...Object.fromEntries(Object.entries(parts).filter(([, value]) => Object.keys(value).length > 0)),
  }
}

function dependenciesOf(
  {Config}: ContainerDetails,
  services: readonly ProjectContainer[],
): Readonly<Record<string, {readonly condition: Condition}>> {
  const written = (Config.Labels?.[DEPENDS_ON] ?? '').split(',').filter((part) => part !== '')
  return Object.fromEntries(
    written.flatMap((part) => {
      const [name = '', wanted] = part.split(':')
      const condition = CONDITIONS.find((each) => each === wanted) ?? 'service_started'
      // One that is not in the package cannot be waited for.
      return services.some(({service}) => service === name) ? [[name, {condition}] as const] : []
    }),
  )
}

/** A network of another container, or none; undefined for networks of its own. Those of the host are a right that nobody gets. */
function networkMode({HostConfig}: ContainerDetails, services: readonly ProjectContainer[]): string | undefined {
  const mode = HostConfig.NetworkMode ?? ''
  if (mode === 'none') return 'none'
  const [, id] = /^container:(.+)$/.exec(mode) ?? []
  if (id === undefined) return undefined
  const other = services.find(({container, replicas}) =>
    [container, ...replicas].some((each) => each.Id === id || nameOf(each) === id),
  )
  return other === undefined ? 'none' : `service:${other.service}`
}

/** The networks that were made for a container; docker's own have no names in them. */
function ownNetworks({NetworkSettings}: ContainerDetails): string[] {
  return Object.keys(NetworkSettings?.Networks ?? {}).filter((name) => !['bridge', 'host', 'none'].includes(name))
}

function networksOf(
  {container, replicas, service}: ProjectContainer,
  {shortName}: Surroundings,
): NonNullable<ProjectService['networks']> {
  const made = new Set([container, ...replicas].flatMap((each) => [each.Id.slice(0, 12), nameOf(each)]))
  return Object.fromEntries(
    ownNetworks(container).map((network) => {
      const aliases = [...new Set(container.NetworkSettings?.Networks?.[network]?.Aliases ?? [])]
      // Compose gives a service its own name by itself.
      const given = aliases.filter((alias) => alias !== service && !made.has(alias))
      return [shortName(network), given.length > 0 ? {aliases: given.sort()} : {}]
    }),
  )
}

function portsOf({HostConfig}: ContainerDetails): NonNullable<ProjectService['ports']> {
  return Object.keys(HostConfig.PortBindings ?? {})
    .sort()
    .flatMap((key) => {
      const [target, written] = key.split('/')
      const protocol = PROTOCOLS.find((each) => each === (written ?? 'tcp'))
      return protocol === undefined ? [] : [{target: Number(target), protocol}]
    })
}

function volumesOf(service: ProjectContainer, {carriers, shortName}: Surroundings): readonly ServiceVolume[] {
  const elsewhere = carriedElsewhere(service, carriers)
  return namedVolumes(service.container).map(({destination, name, readOnly}) => ({
    type: 'volume',
    source: shortName(name),
    target: destination,
    ...(readOnly && {read_only: true}),
    ...(elsewhere.has(destination) && {volume: {nocopy: true}}),
  }))
}
