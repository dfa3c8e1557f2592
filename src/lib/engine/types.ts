/**
 * The parts of the Docker Engine API's answers that keg reads. Fields are optional or null where engines from API 1.41 on
 * really omit them (https://docs.docker.com/reference/api/engine/).
 */

/** The configuration of a container or image. */
export interface RuntimeConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  readonly Env?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Volumes?: Readonly<Record<string, object>> | null
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Healthcheck?: Readonly<Record<string, unknown>> | null
  readonly OnBuild?: readonly string[] | null
  readonly Shell?: readonly string[] | null
  readonly StopSignal?: string
  readonly StopTimeout?: number | null
  readonly ArgsEscaped?: boolean
  readonly Tty?: boolean
  readonly OpenStdin?: boolean
}

/** One mount of a container. */
export interface MountPoint {
  readonly Type: string
  readonly Name?: string
  readonly Source: string
  readonly Destination: string
  readonly Driver?: string
  readonly RW: boolean
}

/** A port of the host that is published for a container. */
export interface PortBinding {
  readonly HostIp?: string
  readonly HostPort?: string
}

/** A mount in the form of `--mount`. */
export interface MountRequest {
  readonly Type?: string
  readonly Source?: string
  readonly Target?: string
  readonly BindOptions?: {readonly NonRecursive?: boolean} | null
  readonly VolumeOptions?: {readonly Subpath?: string} | null
  readonly TmpfsOptions?: {readonly SizeBytes?: number; readonly Mode?: number} | null
}

/** How a container was started, as far as keg uses it. */
export interface HostConfig {
  /** Removed with its anonymous volumes when it ends. */
  readonly AutoRemove?: boolean
  readonly Binds?: readonly string[] | null
  readonly Mounts?: readonly MountRequest[] | null
  readonly CapAdd?: readonly string[] | null
  readonly CapDrop?: readonly string[] | null
  readonly GroupAdd?: readonly string[] | null
  readonly Init?: boolean | null
  readonly NetworkMode?: string
  readonly Privileged?: boolean
  readonly ReadonlyRootfs?: boolean
  readonly ShmSize?: number
  readonly Tmpfs?: Readonly<Record<string, string>> | null
  readonly Ulimits?: readonly {readonly Name: string; readonly Soft: number; readonly Hard: number}[] | null
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[] | null>> | null
  readonly UsernsMode?: string
  readonly Annotations?: Readonly<Record<string, string>> | null
  readonly CgroupParent?: string
  readonly CgroupnsMode?: string
  readonly CpuPeriod?: number
  readonly CpuQuota?: number
  readonly CpuShares?: number
  readonly CpusetCpus?: string
  readonly DeviceCgroupRules?: readonly string[] | null
  readonly DeviceRequests?: readonly DeviceRequest[] | null
  readonly Devices?: readonly DeviceMapping[] | null
  readonly Dns?: readonly string[] | null
  readonly DnsOptions?: readonly string[] | null
  readonly DnsSearch?: readonly string[] | null
  readonly ExtraHosts?: readonly string[] | null
  readonly IpcMode?: string
  readonly Links?: readonly string[] | null
  readonly LogConfig?: {readonly Type?: string} | null
  /** Null: docker's default paths. Empty: none. */
  readonly MaskedPaths?: readonly string[] | null
  readonly Memory?: number
  readonly MemoryReservation?: number
  readonly MemorySwap?: number
  readonly NanoCpus?: number
  readonly OomKillDisable?: boolean | null
  readonly OomScoreAdj?: number
  readonly PidMode?: string
  readonly PidsLimit?: number | null
  readonly RestartPolicy?: {readonly Name?: string; readonly MaximumRetryCount?: number} | null
  readonly Runtime?: string
  readonly SecurityOpt?: readonly string[] | null
  readonly StorageOpt?: Readonly<Record<string, string>> | null
  readonly Sysctls?: Readonly<Record<string, string>> | null
  readonly UTSMode?: string
}

/** A device of the host in a container. */
export interface DeviceMapping {
  readonly PathOnHost: string
  readonly PathInContainer: string
  readonly CgroupPermissions: string
}

/** Devices from a driver of the engine, such as GPUs; a `Count` of -1 means all. */
export interface DeviceRequest {
  readonly Driver?: string
  readonly Count?: number
  readonly DeviceIDs?: readonly string[] | null
  readonly Capabilities?: readonly (readonly string[])[] | null
}

/** The state of a container; `Status` is one of created, running, paused, restarting, removing, exited, dead. */
export interface ContainerState {
  readonly Status: string
  readonly Running: boolean
  readonly Paused: boolean
  readonly Restarting: boolean
  readonly Dead?: boolean
  readonly ExitCode: number
  readonly Error?: string
  /** The id of its first process on the engine's machine; 0 if it does not run. */
  readonly Pid?: number
  /** When it was last started (RFC 3339). */
  readonly StartedAt?: string
  /** When it last ended. */
  readonly FinishedAt?: string
  /** Whether the kernel killed it because memory ran out. */
  readonly OOMKilled?: boolean
  readonly Health?: {
    readonly Status: string
    readonly Log?: readonly {readonly ExitCode: number; readonly Output: string}[] | null
  } | null
}

/** `GET /containers/{id}/json`. */
export interface ContainerDetails {
  readonly Id: string
  readonly Name: string
  readonly Image: string
  readonly State: ContainerState
  /** How often its restart policy has restarted it. */
  readonly RestartCount?: number
  readonly Config: RuntimeConfig & {
    readonly Image: string
    readonly Hostname?: string
    readonly Domainname?: string
    readonly MacAddress?: string
  }
  readonly HostConfig: HostConfig
  readonly Mounts: readonly MountPoint[]
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<Record<string, readonly PortBinding[] | null>> | null
    /** By name. */
    readonly Networks?: Readonly<
      Record<string, {readonly NetworkID?: string; readonly Aliases?: readonly string[] | null}>
    > | null
  }
  /** Ids of its current and recent execs. */
  readonly ExecIDs?: readonly string[] | null
  /** Bytes of the container's writable layer; only when asked for. */
  readonly SizeRw?: number
  readonly SizeRootFs?: number
}

/** One row of `GET /containers/json`. */
export interface ContainerRow {
  readonly Id: string
  readonly Names: readonly string[] | null
  readonly Image: string
  readonly ImageID: string
  readonly State: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Created: number
  readonly Mounts?: readonly MountPoint[]
  readonly Ports?: readonly {readonly PublicPort?: number; readonly IP?: string; readonly Type: string}[] | null
}

/** `GET /images/{name}/json`. */
export interface ImageDetails {
  readonly Id: string
  /** As ISO 8601. */
  readonly Created?: string
  readonly RepoTags?: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Architecture: string
  readonly Variant?: string
  readonly Os: string
  readonly OsVersion?: string
  readonly Size: number
  readonly Config?: RuntimeConfig | null
  readonly RootFS: {readonly Type: string; readonly Layers?: readonly string[] | null}
}

/** One row of `GET /images/json`. */
export interface ImageRow {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Labels?: Readonly<Record<string, string>> | null
  /** Of all its layers, in bytes. */
  readonly Size: number
}

/** One row of `GET /images/{name}/history`, newest first. */
export interface HistoryRow {
  readonly Created: number
  readonly CreatedBy: string
  readonly Comment: string
  readonly Size: number
}

/** One message of a progress stream (pull, push, load). */
export interface StreamMessage {
  readonly status?: string
  readonly id?: string
  readonly stream?: string
  readonly progressDetail?: {readonly current?: number; readonly total?: number}
  readonly error?: string
  readonly errorDetail?: {readonly message?: string; readonly code?: number}
  readonly aux?: Readonly<Record<string, unknown>>
}

/** What `HEAD /containers/{id}/archive` reports about a path; `mode` is a Go FileMode. */
export interface PathStat {
  readonly name: string
  readonly size: number
  readonly mode: number
  /** RFC 3339, with fractions of a second. */
  readonly mtime?: string
  readonly linkTarget: string
}

/** Bits of Go's FileMode (https://pkg.go.dev/io/fs#FileMode). */
export const GO_MODE = {
  directory: 0x80000000,
  symlink: 0x08000000,
  device: 0x04000000,
  namedPipe: 0x02000000,
  socket: 0x01000000,
} as const

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** `GET /exec/{id}/json`. */
export interface ExecDetails {
  readonly Running: boolean
  /** 0 if its process was never started. */
  readonly Pid?: number
  /** Null while it runs. */
  readonly ExitCode: number | null
  readonly ProcessConfig: {
    readonly entrypoint: string
    readonly arguments?: readonly string[] | null
    readonly tty?: boolean
  }
}

/** `GET /containers/{id}/top`. */
export interface ProcessTable {
  readonly Titles?: readonly string[] | null
  readonly Processes?: readonly (readonly string[])[] | null
}

/** Which part of a container's log to read. */
export interface LogOptions {
  /** Whether to follow the log. */
  readonly follow?: boolean
  /** Seconds since 1970, optionally with a fraction. */
  readonly since?: string | undefined
  /** A number of lines from the end, or `all`. */
  readonly tail?: string | undefined
  /** Whether each line starts with its time. */
  readonly timestamps?: boolean
}

/** `GET /networks/{id}`. */
export interface NetworkDetails {
  readonly Id: string
  readonly Name: string
  /** Whether nothing outside can be reached from it. */
  readonly Internal?: boolean
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly IPAM?: {readonly Config?: readonly {readonly Gateway?: string}[] | null} | null
}

/** One of `GET /volumes`. */
export interface VolumeDetails {
  readonly Name: string
  readonly Driver?: string
  /** The driver's options; those of the local driver are as in mount(8): type, o, device. */
  readonly Options?: Readonly<Record<string, string>> | null
  readonly Labels?: Readonly<Record<string, string>> | null
}

/** One part of an engine, as `GET /version` lists them: `Engine`, `containerd`, `runc`, `docker-init`. */
export interface EngineComponent {
  readonly Name: string
  readonly Version: string
}

/** `GET /version`. */
export interface EngineVersion {
  readonly Version: string
  readonly ApiVersion: string
  readonly MinAPIVersion?: string
  readonly Components?: readonly EngineComponent[] | null
}

/** `GET /info`. */
export interface EngineInfo {
  /** Identifies the engine. */
  readonly ID?: string
  /** Name of the machine that the engine runs on. */
  readonly Name?: string
  readonly OperatingSystem?: string
  /** The folder where images, containers and volumes are. */
  readonly DockerRootDir?: string
  readonly Driver?: string
  /** `1` or `2`. */
  readonly CgroupVersion?: string
  readonly DefaultRuntime?: string
  readonly LoggingDriver?: string
  readonly DriverStatus?: readonly (readonly [string, string])[] | null
  /** Such as `name=userns` or `name=rootless`. */
  readonly SecurityOptions?: readonly string[] | null
  readonly Plugins?: {readonly Authorization?: readonly string[] | null} | null
  /** Registries that are used without TLS. */
  readonly RegistryConfig?: {
    readonly IndexConfigs?: Readonly<Record<string, {readonly Secure?: boolean}>> | null
    readonly InsecureRegistryCIDRs?: readonly string[] | null
  } | null
}

/** Everything that an engine reports about itself. */
export interface EngineFacts {
  readonly version: EngineVersion
  readonly info: EngineInfo
}

/** Kinds of changes a container made against its image (`GET /containers/{id}/changes`). */
export const CHANGE = {changed: 0, added: 1, deleted: 2} as const

/** Labels or names to filter by, as in the API's `filters`. */
export type Filters = Readonly<Record<string, readonly string[]>>

/** How images are stored: classic graph drivers, or containerd's content store and snapshotters. */
export type ImageStore = 'graph' | 'containerd'
