import type {ContainerDetails} from '../../engine/types.js'
import type {Digest} from '../../reference/reference.js'

/** A service of a compose project that is packaged. */
export interface ProjectContainer {
  /** Its name in the compose file. */
  readonly service: string
  /** The container that is packaged: the first of the service. */
  readonly container: ContainerDetails
  /** The other containers of the service, which are only held still. */
  readonly replicas: readonly ContainerDetails[]
}

/** A compose project with its containers. */
export interface ComposeProject {
  readonly name: string
  /** By name. */
  readonly services: readonly ProjectContainer[]
}

/** When a service is started after another: in compose's words. */
export const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'] as const
export type Condition = (typeof CONDITIONS)[number]

/** Protocols of ports. */
export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const

/** A volume of the project in a service. */
export interface ServiceVolume {
  readonly type: 'volume'
  readonly source: string
  readonly target: string
  readonly read_only?: true
  /** Set where another service has its content in its image: the engine must not fill it from this one. */
  readonly volume?: {readonly nocopy: true}
}

/**
 * A service of the model. What the configuration or a label of its image says (command, environment, healthcheck, run settings) is not
 * repeated here.
 */
export interface ProjectService {
  /** Digest of its image in the repository of the package. */
  readonly image: Digest
  /** `linux/arm64` */
  readonly platform: string
  readonly scale?: number
  readonly restart?: string
  /** `none`, or `service:NAME`. */
  readonly network_mode?: string
  readonly depends_on?: Readonly<Record<string, {readonly condition: Condition}>>
  readonly networks?: Readonly<Record<string, {readonly aliases?: readonly string[]}>>
  readonly ports?: readonly {readonly target: number; readonly protocol: (typeof PROTOCOLS)[number]}[]
  readonly volumes?: readonly ServiceVolume[]
}

/**
 * A compose project in a package: a compose model (https://github.com/compose-spec/compose-spec) without builds, secrets, paths of the
 * host and whatever gives rights on the host.
 */
export interface ProjectModel {
  /** Its name where it was packaged. */
  readonly name: string
  readonly services: Readonly<Record<string, ProjectService>>
  readonly networks: Readonly<Record<string, {readonly internal?: true}>>
  readonly volumes: Readonly<Record<string, object>>
}
