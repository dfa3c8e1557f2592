import {readFile} from 'node:fs/promises'
import type {DeviceMapping, DeviceRequest} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** Flags of `docker run` that give a container what a package does not get by default, as they were typed. */
export interface DockerFlags {
  readonly 'add-host'?: readonly string[] | undefined
  readonly 'cap-add'?: readonly string[] | undefined
  readonly cgroupns?: string | undefined
  readonly device?: readonly string[] | undefined
  readonly 'device-cgroup-rule'?: readonly string[] | undefined
  readonly dns?: readonly string[] | undefined
  readonly 'dns-option'?: readonly string[] | undefined
  readonly 'dns-search'?: readonly string[] | undefined
  readonly gpus?: readonly string[] | undefined
  readonly 'group-add'?: readonly string[] | undefined
  readonly hostname?: string | undefined
  readonly ipc?: string | undefined
  readonly 'network-alias'?: readonly string[] | undefined
  readonly pid?: string | undefined
  readonly privileged?: boolean | undefined
  readonly runtime?: string | undefined
  readonly 'security-opt'?: readonly string[] | undefined
  readonly 'shm-size'?: string | undefined
  readonly sysctl?: readonly string[] | undefined
  readonly tmpfs?: readonly string[] | undefined
  readonly ulimit?: readonly string[] | undefined
  readonly userns?: string | undefined
  readonly uts?: string | undefined
  readonly workdir?: string | undefined
}

/** The names of those flags, in display order. */
export const DOCKER_FLAGS = [
  ...(['privileged', 'cap-add', 'group-add', 'security-opt', 'device', 'device-cgroup-rule', 'gpus'] as const),
  ...(['pid', 'ipc', 'uts', 'userns', 'cgroupns', 'runtime', 'hostname', 'network-alias', 'add-host'] as const),
  ...(['dns', 'dns-search', 'dns-option', 'sysctl', 'ulimit', 'shm-size', 'tmpfs', 'workdir'] as const),
] satisfies readonly (keyof DockerFlags)[]

/** The meaning of these flags, as in the API. */
export interface DockerRequest {
  readonly capAdd: readonly string[]
  readonly devices: readonly DeviceMapping[]
  readonly deviceRequests: readonly DeviceRequest[]
  readonly extraHosts: readonly string[]
  readonly securityOpt: readonly string[]
  /** Whether nothing of /proc and /sys is masked: `systempaths=unconfined`. */
  readonly unmasked: boolean
  /** Bytes. */
  readonly shmSize: number | undefined
  readonly sysctls: Readonly<Record<string, string>>
  readonly tmpfs: Readonly<Record<string, string>>
  readonly ulimits: readonly {readonly Name: string; readonly Soft: number; readonly Hard: number}[]
  /** The flags themselves. */
  readonly flags: DockerFlags
}

/**
 * Reads flags of `docker run` as docker's client does (docker/cli, cli/command/container/opts.go).
 * @throws UsageError `docker-flag-invalid`
 */
export async function readDockerFlags(flags: DockerFlags, network: string | undefined): Promise<DockerRequest> {
  if ((flags['network-alias'] ?? []).length > 0 && (network === undefined || !isOwnNetwork(network)))
    throw invalid(
      'network-alias',
      (flags['network-alias'] ?? []).join(', '),
      'needs a network of your own: add --network NAME',
    )
  const devices = flags.device ?? []
  const cdi = devices.filter(isCdiDevice)
  const security = flags['security-opt'] ?? []
  return {
    capAdd: flags['cap-add'] ?? [],
    devices: devices.filter((device) => !isCdiDevice(device)).map(readDevice),
    deviceRequests: [...(flags.gpus ?? []).map(readGpus), ...(cdi.length > 0 ? [{Driver: 'cdi', DeviceIDs: cdi}] : [])],
    extraHosts: (flags['add-host'] ?? []).map(readExtraHost),
    securityOpt: await Promise.all(security.filter((option) => option !== UNMASKED).map(readSecurityOption)),
    unmasked: security.includes(UNMASKED),
    shmSize: flags['shm-size'] === undefined ? undefined : readBytes('shm-size', flags['shm-size']),
    sysctls: Object.fromEntries((flags.sysctl ?? []).map((text) => readPair('sysctl', text))),
    tmpfs: Object.fromEntries((flags.tmpfs ?? []).map(readTmpfs)),
    ulimits: (flags.ulimit ?? []).map(readUlimit),
    flags,
  }
}

/** The flags as the words of a command line. */
export function dockerFlagArguments(flags: DockerFlags): string[] {
  return DOCKER_FLAGS.flatMap((name) => {
    const value = flags[name]
    if (value === undefined || value === false) return []
    if (value === true) return [`--${name}`]
    return [value].flat().flatMap((text) => [`--${name}`, text])
  })
}

/** Whether the user gave what a flag asks for: the same value for a list, any value otherwise. */
export function isGiven([flag = '', value = '']: readonly string[], flags: DockerFlags): boolean {
  const name = DOCKER_FLAGS.find((each) => `--${each}` === flag)
  const typed = name && flags[name]
  return typeof typed === 'object' ? typed.includes(value) : typed !== undefined && typed !== false
}

const UNMASKED = 'systempaths=unconfined'

function isOwnNetwork(network: string): boolean {
  return !['default', 'bridge', 'host', 'none'].includes(network) && !network.startsWith('container:')
}

/** `vendor.com/class=name`, of the Container Device Interface. */
function isCdiDevice(text: string): boolean {
  return /^[a-z][\w.-]*\/[a-z][\w-]*=[\w.:-]+$/i.test(text)
}

/** `HOST[:CONTAINER][:RIGHTS]`. */
function readDevice(text: string): DeviceMapping {
  const [host = '', ...rest] = text.split(':')
  const isRights = (part: string | undefined): boolean => part !== undefined && /^[rwm]{1,3}$/.test(part)
  const rights = isRights(rest.at(-1)) ? rest.pop() : undefined
  const [inside = host, more] = rest
  if (!host.startsWith('/') || !inside.startsWith('/') || more !== undefined)
    throw invalid('device', text, 'is not a path such as /dev/kvm or /dev/sda:/dev/xvda:r')
  return {PathOnHost: host, PathInContainer: inside, CgroupPermissions: rights ?? 'rwm'}
}

/** `all`, a number, or comma-separated fields: `"device=0,1"`, `driver=nvidia,count=2,"capabilities=compute,utility"`. */
function readGpus(text: string): DeviceRequest {
  const parts = [...text.matchAll(/"([^"]*)"|[^,]+/g)].map(([part, quoted]) => quoted ?? part)
  const fields = new Map<string, string>()
  for (const part of parts) {
    const [name = '', value] = part.split(/=(.*)/s, 2)
    if (value === undefined) fields.set('count', name)
    else if (['driver', 'count', 'device', 'capabilities'].includes(name)) fields.set(name, value)
    else throw invalid('gpus', text, 'has a field other than driver, count, device and capabilities')
  }
  const count = fields.get('count')
  if (count !== undefined && count !== 'all' && !/^\d{1,4}$/.test(count))
    throw invalid('gpus', text, 'is neither all nor a number')
  const devices = fields.get('device')?.split(',')
  return {
    Driver: fields.get('driver') ?? '',
    // As docker's client: 1, if neither a number nor devices are given.
    Count: count === 'all' ? -1 : count !== undefined ? Number(count) : devices === undefined ? 1 : 0,
    ...(devices && {DeviceIDs: devices}),
    Capabilities: [['gpu', ...(fields.get('capabilities')?.split(',') ?? [])]],
  }
}

/** `NAME:ADDRESS`, `NAME=ADDRESS`. */
function readExtraHost(text: string): string {
  const [, name, address] = /^([^:=]+)[:=](.+)$/s.exec(text) ?? []
  if (name === undefined || address === undefined) throw invalid('add-host', text, 'is not of the form NAME:ADDRESS')
  return `${name}:${address.replace(/^\[(.*)\]$/, '$1')}`
}

/** On the command line a seccomp profile is a file; the engine gets its content. */
async function readSecurityOption(option: string): Promise<string> {
  const file = /^seccomp[=:](.+)$/s.exec(option)?.[1]
  if (file === undefined || ['unconfined', 'builtin', 'default'].includes(file)) return option
  const profile = await readFile(file, 'utf8').catch((error: unknown) => {
    throw invalid('security-opt', option, 'is not a file that can be read', error)
  })
  return `seccomp=${profile}`
}

const UNITS: Readonly<Record<string, number>> = {'': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40}

/** A number of bytes, with docker's units: `64m`, `1g`. */
function readBytes(flag: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? []
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN)
  if (!Number.isSafeInteger(bytes)) throw invalid(flag, text, 'is not a size such as 64m or 1g')
  return bytes
}

function readPair(flag: string, text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw invalid(flag, text, 'is not of the form NAME=VALUE')
  return [name, value]
}

/** `PATH[:OPTIONS]`. */
function readTmpfs(text: string): [string, string] {
  const [, path = '', options = ''] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (!path.startsWith('/')) throw invalid('tmpfs', text, 'is not an absolute path')
  return [path, options]
}

/** `NAME=SOFT[:HARD]`; -1 is unlimited. */
function readUlimit(text: string): {Name: string; Soft: number; Hard: number} {
  const [, Name, soft, hard = soft] = /^([a-z]+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text) ?? []
  if (Name === undefined) throw invalid('ulimit', text, 'is not of the form NAME=SOFT[:HARD]')
  return {Name, Soft: Number(soft), Hard: Number(hard)}
}

function invalid(flag: string, text: string, problem: string, cause?: unknown): UsageError {
  return new UsageError(`--${flag} ${printable(text)} ${problem}.`, {
    code: 'docker-flag-invalid',
    hint: `Write it as for docker run: https://docs.docker.com/reference/cli/docker/container/run/`,
    cause,
  })
}
