import type {Ulimit} from '../../image/run-settings.js'

/** Granted settings: none gives a container more rights than every container has. */
export interface GrantedSettings {
  readonly init: boolean
  readonly tty: boolean
  readonly readOnly: boolean
  /** Paths that were writable mounts of a read-only container, and so must stay writable: each gets an anonymous volume. */
  readonly writable: readonly string[]
  /** Bytes. */
  readonly shmSize?: number
  /** Mount options by path. */
  readonly tmpfs: Readonly<Record<string, string>>
  readonly interactive?: boolean
  readonly hostname?: string
  readonly domainname?: string
  readonly extraHosts?: readonly string[]
  readonly dnsSearch?: readonly string[]
  readonly dnsOptions?: readonly string[]
  readonly sysctls?: Readonly<Record<string, string>>
  readonly ulimits?: readonly Ulimit[]
  readonly capAdd?: readonly string[]
  readonly capDrop?: readonly string[]
  readonly noNewPrivileges?: boolean
  readonly memory?: number
  readonly memoryReservation?: number
  readonly memorySwap?: number
  readonly cpus?: number
  readonly pidsLimit?: number
  /** Seconds. */
  readonly stopTimeout?: number
}

/** The settings of the label, split into granted and refused. */
export interface SettingsDecision {
  readonly granted: GrantedSettings
  readonly refused: readonly RefusedSetting[]
}

/** A setting of the developer's container that a package does not get by default. */
export interface RefusedSetting {
  /** In words: `capabilities NET_ADMIN, SYS_PTRACE`. */
  readonly what: string
  /** The flags of `package run` that grant it, each with its value; none if only docker has one, which `what` then names. */
  readonly flags: readonly (readonly string[])[]
}
