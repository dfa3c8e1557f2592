import {blankedLabels} from '../../container/blanked-labels.js'
import {literal, type ComposeModel, type ComposeService} from '../../compose/compose-model.js'
import type {ImageDetails} from '../../engine/types.js'
import type {GrantedSettings} from '../run/model.js'
import type {PlannedPort} from '../../container/port/port-plan.js'
import type {ProjectModel, ProjectService} from '../project/model.js'

/** A service that can be started. */
export interface RunnableService {
  readonly name: string
  /** Its image, with a digest. */
  readonly image: string
  readonly details: Pick<ImageDetails, 'Config'>
  /** Chosen for it; if there are none, or for a service with several containers, the engine finds free ones. */
  readonly ports: readonly PlannedPort[]
  readonly settings: GrantedSettings
}

export interface ComposeFileOptions {
  /** Name of the compose project. */
  readonly project: string
  readonly model: ProjectModel
  readonly services: readonly RunnableService[]
  /** For containers, networks and volumes. */
  readonly labels: Readonly<Record<string, string>>
  /** Whether the images are in the engine, and need not be pulled. */
  readonly arePulled: boolean
}

/**
 * The compose model that starts a packaged project: its images by their digests, networks and volumes of its own, ports on the loopback
 * address. No container gets more rights than every container has. Engines fill each volume from the image that carries its content,
 * when its container is made.
 */
export function composeFile({arePulled, labels, model, project, services}: ComposeFileOptions): ComposeModel {
  const escaped = Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, literal(value)]))
  const labelled = Object.keys(escaped).length > 0 ? {labels: escaped} : {}
  const of = (names: Readonly<Record<string, object>>): Record<string, object> =>
    Object.fromEntries(Object.entries(names).map(([name, value]) => [name, {...value, ...labelled}]))
  return {
    name: project,
    services: Object.fromEntries(
      services.flatMap((service) => {
        const described = model.services[service.name]
        return described === undefined
          ? []
          : [[service.name, composeService(service, described, {labels: escaped, arePulled})] as const]
      }),
    ),
    networks: of(model.networks),
    volumes: of(model.volumes),
  }
}

function composeService(
  {details, image, ports, settings}: RunnableService,
  service: ProjectService,
  {arePulled, labels}: Pick<ComposeFileOptions, 'arePulled' | 'labels'>,
): ComposeService {
  const {depends_on, network_mode, networks = {}, platform, restart, scale, volumes = []} = service
  const blanked = blankedLabels(details.Config?.Labels ?? {})
  const literals = Object.fromEntries(Object.entries(blanked).map(([name, value]) => [name, literal(value)]))
  const isScaled = scale !== undefined && scale > 1
  return {
    image,
    platform,
    ...(arePulled && {pull_policy: 'never'}),
    ...filled({depends_on, labels: {...literals, ...labels}}),
    ...(restart !== undefined && {restart}),
    ...(isScaled && {deploy: {replicas: scale}}),
    ...(network_mode === undefined ? filled({networks}) : {network_mode}),
    ...filled({
      ports: isScaled || ports.length === 0 ? freePorts(service) : ports.map(composePort),
      volumes: [...volumes, ...settings.writable.map((target) => ({type: 'volume', target: literal(target)}))].map(
        (volume) => ({...volume, target: literal(volume.target)}),
      ),
    }),
    ...composeSettings(settings, {isScaled, hasNetwork: network_mode === undefined}),
  }
}

function composePort({address, hostPort, port, protocol}: PlannedPort): object {
  return {target: port, host_ip: address, protocol, ...(hostPort !== '' && {published: hostPort})}
}

/** Ports under numbers that the engine finds. */
function freePorts({ports = []}: ProjectService): object[] {
  return ports.map(({protocol, target}) => ({target, host_ip: '127.0.0.1', protocol}))
}

/** Granted settings, by compose's names. */
function composeSettings(
  settings: GrantedSettings,
  {hasNetwork, isScaled}: {readonly isScaled: boolean; readonly hasNetwork: boolean},
): ComposeService {
  const {memory, memoryReservation, memorySwap, stopTimeout, ulimits = []} = settings
  const texts = (list: readonly string[] | undefined): string[] | undefined => list?.map(literal)
  return filled({
    ...(settings.init && {init: true}),
    ...(settings.tty && {tty: true}),
    ...(settings.interactive && {stdin_open: true}),
    ...(settings.readOnly && {read_only: true}),
    tmpfs: Object.entries(settings.tmpfs).map(([path, options]) =>
      literal(options === '' ? path : `${path}:${options}`),
    ),
    ...(settings.shmSize !== undefined && {shm_size: String(settings.shmSize)}),
    ...(!isScaled && hasNetwork && settings.hostname !== undefined && {hostname: settings.hostname}),
    ...(hasNetwork && settings.domainname !== undefined && {domainname: settings.domainname}),
    ...(hasNetwork && {extra_hosts: texts(settings.extraHosts)}),
    dns_search: texts(settings.dnsSearch),
    dns_opt: texts(settings.dnsOptions),
    sysctls: settings.sysctls,
    ulimits: Object.fromEntries(ulimits.map(({hard, name, soft}) => [name, {soft, hard}])),
    cap_add: settings.capAdd,
    cap_drop: settings.capDrop,
    ...(settings.noNewPrivileges && {security_opt: ['no-new-privileges:true']}),
    ...(memory !== undefined && {mem_limit: String(memory)}),
    ...(memoryReservation !== undefined && {mem_reservation: String(memoryReservation)}),
    ...(memorySwap !== undefined && {memswap_limit: String(memorySwap)}),
    ...(settings.cpus !== undefined && {cpus: settings.cpus}),
    ...(settings.pidsLimit !== undefined && {pids_limit: settings.pidsLimit}),
    ...(stopTimeout !== undefined && {stop_grace_period: `${stopTimeout}s`}),
  })
}

/** Without what is undefined or empty. */
function filled(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isFilled = (value: unknown): boolean =>
    value !== undefined && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0)
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isFilled(value)))
}
