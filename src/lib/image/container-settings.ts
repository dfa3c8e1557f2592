import type {ContainerDetails, DeviceMapping, DeviceRequest, EngineInfo, HostConfig} from '../engine/types.js'
import {namesHome} from './host-paths.js'
import {isSettingText, MAX_SETTING_ITEMS, type RunSettings} from './run-settings.js'

/** Docker's default for /dev/shm. */
const DEFAULT_SHM_SIZE = 64 * 1024 * 1024

/** What an engine gives a container by default. */
export type EngineDefaults = Pick<EngineInfo, 'CgroupVersion' | 'DefaultRuntime' | 'LoggingDriver'>

/**
 * The run settings of a container, without docker's or its engine's defaults. Leaves out texts that name a home folder or that a
 * label could not show, and options of a log driver, which may be secrets.
 */
export function runSettingsOf(container: ContainerDetails, engine: EngineDefaults = {}): RunSettings {
  const {Config, HostConfig: host} = container
  return present({
    init: host.Init === true,
    tty: Config.Tty === true,
    interactive: Config.OpenStdin === true,
    readOnly: host.ReadonlyRootfs === true,
    shmSize: host.ShmSize === DEFAULT_SHM_SIZE ? undefined : host.ShmSize,
    tmpfs: tmpfsOf(host),
    privileged: host.Privileged === true,
    capAdd: host.CapAdd,
    capDrop: host.CapDrop,
    groupAdd: host.GroupAdd,
    ulimits: host.Ulimits?.map(({Hard, Name, Soft}) => ({name: Name, soft: Soft, hard: Hard})),
    ports: Object.keys(host.PortBindings ?? {}).sort(),
    ...networkOf(container),
    extraHosts: host.ExtraHosts,
    links: host.Links?.map((link) => link.replace(/^\/?([^:]*):(?:.*\/)?/, '$1:')),
    dns: host.Dns,
    dnsSearch: host.DnsSearch,
    dnsOptions: host.DnsOptions,
    sysctls: host.Sysctls,
    devices: [...(host.Devices ?? []).map(deviceText), ...cdiDevices(host)],
    deviceCgroupRules: host.DeviceCgroupRules,
    gpus: host.DeviceRequests?.filter(({Driver}) => Driver !== 'cdi').map(gpuText),
    securityOpt: securityOf(host),
    pid: modeOf(host.PidMode),
    ipc: modeOf(host.IpcMode, ['private', 'shareable']),
    uts: modeOf(host.UTSMode),
    userns: modeOf(host.UsernsMode),
    cgroupns: engine.CgroupVersion === '2' ? modeOf(host.CgroupnsMode, ['private']) : undefined,
    cgroupParent: host.CgroupParent,
    ...limitsOf(host),
    oomKillDisable: host.OomKillDisable === true,
    oomScoreAdj: host.OomScoreAdj,
    restart: restartOf(host),
    runtime: [engine.DefaultRuntime, 'runc', 'io.containerd.runc.v2'].includes(host.Runtime) ? undefined : host.Runtime,
    logDriver: [engine.LoggingDriver, 'json-file'].includes(host.LogConfig?.Type) ? undefined : host.LogConfig?.Type,
    storageOpt: host.StorageOpt,
    annotations: host.Annotations,
    stopTimeout: Config.StopTimeout,
  })
}

type MayBeAbsent<Settings> = {readonly [Name in keyof Settings]?: Settings[Name] | null | undefined}

/** Leaves out empty values, list items beyond the limit, and texts that a label must not have. */
function present(settings: MayBeAbsent<RunSettings>): RunSettings {
  const found: Record<string, unknown> = {}
  for (const [name, value] of Object.entries<unknown>(settings)) {
    const kept = tidied(name, value)
    if (isSet(name, kept)) found[name] = kept
  }
  return found
}

function isSet(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  // For a stop timeout, 0 is a time; for memory, it means no limit.
  if (value === 0) return name === 'stopTimeout'
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function tidied(name: string, value: unknown): unknown {
  // The paths of tmpfs are the container's.
  const isFit = (text: unknown): boolean =>
    typeof text !== 'string' || (isSettingText(text) && (name === 'tmpfs' || !namesHome(text)))
  if (Array.isArray(value)) return value.filter(isFit).slice(0, MAX_SETTING_ITEMS)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter((entry) => entry.every(isFit))
    return Object.fromEntries(entries.slice(0, MAX_SETTING_ITEMS))
  }
  return isFit(value) ? value : undefined
}

/** The options of `--tmpfs` and `--mount type=tmpfs`, both as those of the former. */
function tmpfsOf({Mounts, Tmpfs}: HostConfig): Record<string, string> {
  const mounted = (Mounts ?? []).flatMap(({Target, TmpfsOptions, Type}): [string, string][] => {
    if (Type !== 'tmpfs' || Target === undefined) return []
    const {Mode, SizeBytes} = TmpfsOptions ?? {}
    const options = [
      ...(SizeBytes !== undefined && SizeBytes > 0 ? [`size=${SizeBytes}`] : []),
      // An engine leaves out a mode that was not given, and takes 0 for it.
      ...(Mode !== undefined && Mode > 0 ? [`mode=${Mode.toString(8)}`] : []),
    ]
    return [[Target, options.join(',')]]
  })
  return {...Object.fromEntries(mounted), ...Tmpfs}
}

/** Its names, and the networks they are known in. With the host's network or UTS namespace its host name is the machine's. */
function networkOf({
  Config,
  HostConfig: {NetworkMode = '', UTSMode},
  Id,
  NetworkSettings,
}: ContainerDetails): MayBeAbsent<RunSettings> {
  const [kind = ''] = NetworkMode.split(':', 1)
  const isNamed = !['', 'default', 'bridge', 'nat', 'host', 'none', 'container'].includes(kind)
  const shortId = Id.slice(0, 12)
  const networks = Object.entries(NetworkSettings?.Networks ?? {})
  // A network may have been given by its id.
  const name = networks.find(([, {NetworkID}]) => NetworkID === NetworkMode)?.[0] ?? NetworkMode
  const aliases = isNamed ? networks.flatMap(([, {Aliases}]) => Aliases ?? []) : []
  const hasOwnName = kind !== 'host' && kind !== 'container' && UTSMode !== 'host'
  return {
    hostname: hasOwnName && Config.Hostname !== shortId ? Config.Hostname : undefined,
    domainname: hasOwnName ? Config.Domainname : undefined,
    macAddress: Config.MacAddress,
    network: isNamed ? name : ['host', 'none', 'container'].includes(kind) ? kind : undefined,
    networkAliases: [...new Set(aliases)].filter((alias) => alias !== shortId),
  }
}

/** In the form of `--device`. */
function deviceText({CgroupPermissions, PathInContainer, PathOnHost}: DeviceMapping): string {
  const hasAll = ['r', 'w', 'm'].every((right) => CgroupPermissions.includes(right))
  const rights = hasAll || CgroupPermissions === '' ? '' : `:${CgroupPermissions}`
  return PathInContainer === PathOnHost && rights === ''
    ? PathOnHost
    : `${PathOnHost}:${PathInContainer === '' ? PathOnHost : PathInContainer}${rights}`
}

/** Devices of the Container Device Interface: `vendor.com/class=name`. */
function cdiDevices({DeviceRequests}: HostConfig): readonly string[] {
  return (DeviceRequests ?? []).flatMap(({DeviceIDs, Driver}) => (Driver === 'cdi' ? (DeviceIDs ?? []) : []))
}

/** In the form of `--gpus`, with comma-separated values. */
function gpuText({Capabilities, Count = 0, DeviceIDs, Driver}: DeviceRequest): string {
  const list = (name: string, values: readonly string[]): string =>
    values.length > 1 ? `"${name}=${values.join(',')}"` : `${name}=${values.join()}`
  const capabilities = (Capabilities?.[0] ?? []).filter((capability) => capability !== 'gpu')
  const parts = [
    ...(Driver ? [`driver=${Driver}`] : []),
    ...(Count === 0 ? [] : [`count=${Count === -1 ? 'all' : Count}`]),
    ...(DeviceIDs && DeviceIDs.length > 0 ? [list('device', DeviceIDs)] : []),
    ...(capabilities.length > 0 ? [list('capabilities', capabilities)] : []),
  ]
  return parts.length === 1 ? (parts[0] ?? '').replace(/^count=/, '') : parts.join(',')
}

/**
 * Leaves out what an engine adds by itself; `systempaths=unconfined`, which docker's client turns into paths, is written as
 * given.
 */
function securityOf({IpcMode, MaskedPaths, PidMode, Privileged, SecurityOpt}: HostConfig): string[] {
  const isOfEngine = Privileged === true || IpcMode === 'host' || PidMode === 'host'
  const options = (SecurityOpt ?? [])
    .filter((option) => !(isOfEngine && option === 'label=disable'))
    .map((option) => (/^seccomp[=:]\s*\{/.test(option) ? 'seccomp=custom' : option))
  const hasNoMasks = MaskedPaths?.length === 0 && Privileged !== true
  return hasNoMasks ? [...options, 'systempaths=unconfined'] : options
}

/** A namespace that is not the container's own; the ID in `container:ID` means nothing elsewhere. */
function modeOf(mode: string | undefined, defaults: readonly string[] = []): string | undefined {
  const [kind] = (mode ?? '').split(':', 1)
  return kind === undefined || defaults.includes(kind) ? undefined : kind
}

function limitsOf(host: HostConfig): MayBeAbsent<RunSettings> {
  const {CpuPeriod = 0, CpuQuota = 0, Memory = 0, MemorySwap = 0, NanoCpus = 0, PidsLimit} = host
  const quota = CpuQuota > 0 ? CpuQuota / (CpuPeriod > 0 ? CpuPeriod : DEFAULT_CPU_PERIOD) : 0
  return {
    memory: Memory,
    memoryReservation: host.MemoryReservation,
    // By default an engine gives as much swap as memory.
    memorySwap: MemorySwap === 2 * Memory ? undefined : MemorySwap,
    cpus: NanoCpus > 0 ? NanoCpus / 1e9 : quota,
    cpuShares: host.CpuShares,
    cpusetCpus: host.CpusetCpus,
    pidsLimit: PidsLimit !== undefined && PidsLimit !== null && PidsLimit > 0 ? PidsLimit : undefined,
  }
}

/** The kernel's, in microseconds. */
const DEFAULT_CPU_PERIOD = 100_000

function restartOf({RestartPolicy}: HostConfig): string | undefined {
  const {MaximumRetryCount = 0, Name = ''} = RestartPolicy ?? {}
  if (Name === '' || Name === 'no') return undefined
  return Name === 'on-failure' && MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name
}
