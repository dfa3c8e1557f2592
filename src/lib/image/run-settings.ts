import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'

/** A limit of a container's processes, as `--ulimit` has it. */
export interface Ulimit {
  /** As in `--ulimit`: `nofile`. */
  readonly name: string
  /** The initial limit of processes; -1 for none. */
  readonly soft: number
  /** The highest limit they can raise it to; -1 for none. */
  readonly hard: number
}

/**
 * How a container was run, beyond what an image's configuration can say: the label `com.keg.package.run`. Leaves out docker's
 * defaults. Texts have the syntax of the flags of `docker run`. To a reader, the label is a request from a stranger: it never
 * gives rights.
 */
export interface RunSettings {
  /** `--init` */
  readonly init?: boolean
  /** `--tty` */
  readonly tty?: boolean
  /** Whether its standard input was kept open, as with `-i`. */
  readonly interactive?: boolean
  /** `--read-only` */
  readonly readOnly?: boolean
  /** Bytes of /dev/shm. */
  readonly shmSize?: number
  /** Mount options by path. */
  readonly tmpfs?: Readonly<Record<string, string>>
  /** `--privileged` */
  readonly privileged?: boolean
  /** `--cap-add` */
  readonly capAdd?: readonly string[]
  /** `--cap-drop` */
  readonly capDrop?: readonly string[]
  /** `--group-add` */
  readonly groupAdd?: readonly string[]
  /** `--ulimit` */
  readonly ulimits?: readonly Ulimit[]
  /** Container ports that were published, such as `8080/tcp`. */
  readonly ports?: readonly string[]
  /** `--hostname` */
  readonly hostname?: string
  /** `--domainname` */
  readonly domainname?: string
  /** `--mac-address` */
  readonly macAddress?: string
  /** `host`, `none`, `container`, or the name of a network created by the user. */
  readonly network?: string
  /** Its names for other containers in that network. */
  readonly networkAliases?: readonly string[]
  /** `name:address`. */
  readonly extraHosts?: readonly string[]
  /** `--link` */
  readonly links?: readonly string[]
  /** `--dns` */
  readonly dns?: readonly string[]
  /** `--dns-search` */
  readonly dnsSearch?: readonly string[]
  /** `--dns-option` */
  readonly dnsOptions?: readonly string[]
  /** `--sysctl` */
  readonly sysctls?: Readonly<Record<string, string>>
  /** `--device` */
  readonly devices?: readonly string[]
  /** `--device-cgroup-rule` */
  readonly deviceCgroupRules?: readonly string[]
  /** `--gpus` */
  readonly gpus?: readonly string[]
  /** `seccomp=custom` stands for the user's own seccomp profile. */
  readonly securityOpt?: readonly string[]
  /** `--pid` */
  readonly pid?: string
  /** `--ipc` */
  readonly ipc?: string
  /** `--uts` */
  readonly uts?: string
  /** `--userns` */
  readonly userns?: string
  /** `--cgroupns` */
  readonly cgroupns?: string
  /** `--cgroup-parent` */
  readonly cgroupParent?: string
  /** Bytes. */
  readonly memory?: number
  /** Bytes: `--memory-reservation` */
  readonly memoryReservation?: number
  /** Bytes of memory and swap together; -1 for no limit. */
  readonly memorySwap?: number
  /** `--cpus` */
  readonly cpus?: number
  /** `--cpu-shares` */
  readonly cpuShares?: number
  /** `--cpuset-cpus` */
  readonly cpusetCpus?: string
  /** `--pids-limit` */
  readonly pidsLimit?: number
  /** `--oom-kill-disable` */
  readonly oomKillDisable?: boolean
  /** `--oom-score-adj` */
  readonly oomScoreAdj?: number
  /** `--restart` */
  readonly restart?: string
  /** `--runtime` */
  readonly runtime?: string
  /** `--log-driver` */
  readonly logDriver?: string
  /** `--storage-opt` */
  readonly storageOpt?: Readonly<Record<string, string>>
  /** `--annotation` */
  readonly annotations?: Readonly<Record<string, string>>
  /** Seconds. */
  readonly stopTimeout?: number
}

/** The longest label that is read, in characters. */
export const MAX_RUN_SETTINGS_LENGTH = 65_536

/** How many items of a list are written or read. */
export const MAX_SETTING_ITEMS = 200

/** Longer than any text of these settings needs to be. */
const MAX_TEXT_LENGTH = 1000

/** Whether a value from a label has the form of run settings: only known fields, each of its type. */
export function isRunSettings(value: unknown): value is RunSettings {
  return (
    isObject(value) &&
    Object.entries(value).every(([field, content]) => isField(field) && RUN_SETTING_CHECKS[field](content))
  )
}

/** The valid run settings in a value from a label; ignores the rest. */
export function readRunSettings(value: unknown): RunSettings {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter(([field, content]) => isField(field) && RUN_SETTING_CHECKS[field](content)),
  )
}

/** Whether a text can be in a label that others show: short, and without terminal control characters. */
export function isSettingText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH && printable(value) === value
}

type Check = (value: unknown) => boolean

const isBoolean: Check = (value) => typeof value === 'boolean'
const isTexts: Check = (value) =>
  Array.isArray(value) && value.length <= MAX_SETTING_ITEMS && value.every(isSettingText)
const isRecord: Check = (value) =>
  isObject(value) && Object.keys(value).length <= MAX_SETTING_ITEMS && Object.entries(value).flat().every(isSettingText)
const isUlimits: Check = (value) =>
  Array.isArray(value) &&
  value.length <= MAX_SETTING_ITEMS &&
  value.every(
    (limit) =>
      isSettingText(property(limit, 'name')) &&
      Number.isSafeInteger(property(limit, 'soft')) &&
      Number.isSafeInteger(property(limit, 'hard')),
  )

const RUN_SETTING_CHECKS: Readonly<Record<keyof RunSettings, Check>> = {
  init: isBoolean,
  tty: isBoolean,
  interactive: isBoolean,
  readOnly: isBoolean,
  shmSize: Number.isSafeInteger,
  tmpfs: isRecord,
  privileged: isBoolean,
  capAdd: isTexts,
  capDrop: isTexts,
  groupAdd: isTexts,
  ulimits: isUlimits,
  ports: isTexts,
  hostname: isSettingText,
  domainname: isSettingText,
  macAddress: isSettingText,
  network: isSettingText,
  networkAliases: isTexts,
  extraHosts: isTexts,
  links: isTexts,
  dns: isTexts,
  dnsSearch: isTexts,
  dnsOptions: isTexts,
  sysctls: isRecord,
  devices: isTexts,
  deviceCgroupRules: isTexts,
  gpus: isTexts,
  securityOpt: isTexts,
  pid: isSettingText,
  ipc: isSettingText,
  uts: isSettingText,
  userns: isSettingText,
  cgroupns: isSettingText,
  cgroupParent: isSettingText,
  memory: Number.isSafeInteger,
  memoryReservation: Number.isSafeInteger,
  memorySwap: Number.isSafeInteger,
  cpus: Number.isFinite,
  cpuShares: Number.isSafeInteger,
  cpusetCpus: isSettingText,
  pidsLimit: Number.isSafeInteger,
  oomKillDisable: isBoolean,
  oomScoreAdj: Number.isSafeInteger,
  restart: isSettingText,
  runtime: isSettingText,
  logDriver: isSettingText,
  storageOpt: isRecord,
  annotations: isRecord,
  stopTimeout: Number.isSafeInteger,
}

function isField(name: string): name is keyof RunSettings {
  return Object.hasOwn(RUN_SETTING_CHECKS, name)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
