import type {DockerRequest} from './docker-flags.js'
import type {GrantedSettings} from './model.js'

/** The kernel's, in microseconds: unlike with docker's `--cpus`, a quota beyond the machine's CPUs is no error. */
const CPU_PERIOD = 100_000

/** The `HostConfig` for what a package is granted, and what the user gives it, which takes precedence. */
export function hostConfigOf(settings: GrantedSettings, docker: DockerRequest | undefined): Record<string, unknown> {
  const flags = docker?.flags ?? {}
  return present({
    Init: settings.init,
    ReadonlyRootfs: settings.readOnly,
    ShmSize: docker?.shmSize ?? settings.shmSize,
    Tmpfs: {...settings.tmpfs, ...docker?.tmpfs},
    ExtraHosts: [...(docker?.extraHosts ?? []), ...(settings.extraHosts ?? [])],
    Dns: flags.dns,
    DnsSearch: flags['dns-search'] ?? settings.dnsSearch,
    DnsOptions: flags['dns-option'] ?? settings.dnsOptions,
    Sysctls: {...settings.sysctls, ...docker?.sysctls},
    Ulimits: ulimitsOf(settings, docker),
    CapAdd: [...new Set([...(docker?.capAdd ?? []), ...(settings.capAdd ?? [])])],
    CapDrop: settings.capDrop,
    GroupAdd: flags['group-add'],
    SecurityOpt: [...(docker?.securityOpt ?? []), ...(settings.noNewPrivileges ? ['no-new-privileges'] : [])],
    Privileged: flags.privileged,
    Devices: docker?.devices,
    DeviceCgroupRules: flags['device-cgroup-rule'],
    DeviceRequests: docker?.deviceRequests,
    PidMode: flags.pid,
    IpcMode: flags.ipc,
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    CgroupnsMode: flags.cgroupns,
    Runtime: flags.runtime,
    Memory: settings.memory,
    MemoryReservation: settings.memoryReservation,
    MemorySwap: settings.memorySwap,
    PidsLimit: settings.pidsLimit,
    ...(settings.cpus !== undefined && {CpuPeriod: CPU_PERIOD, CpuQuota: Math.round(settings.cpus * CPU_PERIOD)}),
    // An empty list means that nothing is masked.
    ...(docker?.unmasked && {MaskedPaths: [], ReadonlyPaths: []}),
  })
}

/** The same as arguments of `docker run`. */
export function settingArguments(settings: GrantedSettings): string[] {
  const args: string[] = []
  const add = (flag: string, value: string | number | undefined): void => {
    if (value !== undefined) args.push(flag, String(value))
  }
  const addAll = (flag: string, values: readonly string[] | undefined): void => {
    for (const value of values ?? []) add(flag, value)
  }
  if (settings.init) args.push('--init')
  if (settings.interactive) args.push('--interactive')
  if (settings.tty) args.push('--tty')
  if (settings.readOnly) args.push('--read-only')
  add('--shm-size', settings.shmSize)
  for (const [path, options] of Object.entries(settings.tmpfs))
    add('--tmpfs', options === '' ? path : `${path}:${options}`)
  addAll('--volume', settings.writable)
  add('--hostname', settings.hostname)
  add('--domainname', settings.domainname)
  addAll('--add-host', settings.extraHosts)
  addAll('--dns-search', settings.dnsSearch)
  addAll('--dns-option', settings.dnsOptions)
  for (const [name, value] of Object.entries(settings.sysctls ?? {})) add('--sysctl', `${name}=${value}`)
  for (const {hard, name, soft} of settings.ulimits ?? []) add('--ulimit', `${name}=${soft}:${hard}`)
  addAll('--cap-drop', settings.capDrop)
  addAll('--cap-add', settings.capAdd)
  if (settings.noNewPrivileges) add('--security-opt', 'no-new-privileges')
  add('--memory', settings.memory)
  add('--memory-reservation', settings.memoryReservation)
  add('--memory-swap', settings.memorySwap)
  add('--pids-limit', settings.pidsLimit)
  if (settings.cpus !== undefined) {
    add('--cpu-period', CPU_PERIOD)
    add('--cpu-quota', Math.round(settings.cpus * CPU_PERIOD))
  }
  add('--stop-timeout', settings.stopTimeout)
  return args
}

/** The user's ulimits, and the granted ones with other names. */
function ulimitsOf({ulimits = []}: GrantedSettings, docker: DockerRequest | undefined): object[] {
  const dockerUlimits = docker?.ulimits ?? []
  const granted = ulimits.map(({hard, name, soft}) => ({Name: name, Soft: soft, Hard: hard}))
  return [...dockerUlimits, ...granted.filter(({Name}) => !dockerUlimits.some((limit) => limit.Name === Name))]
}

function present(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isDefault = (name: string, value: unknown): boolean =>
    value === undefined ||
    value === false ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value ?? {}).length === 0 && !name.endsWith('Paths'))
  return Object.fromEntries(Object.entries(config).filter(([name, value]) => !isDefault(name, value)))
}
