import {posix} from 'node:path'
import type {RuntimeConfig} from '../../engine/types.js'
import {parseJson} from '../../json/json.js'
import {readMountLayers} from '../../image/labels.js'
import {labelledMounts} from '../../image/layer-labels.js'
import {MAX_RUN_SETTINGS_LENGTH, readRunSettings, type RunSettings, type Ulimit} from '../../image/run-settings.js'
import {capabilityName, isDefaultCapability} from './default-capabilities.js'
import {isElsewhere} from './host-address.js'
import {isNamespacedSysctl} from './namespaced-sysctl.js'
import {refusedSettings} from './refused-settings.js'
import type {GrantedSettings, SettingsDecision} from './model.js'
import {isWithin} from '../../tar/path.js'

/** The label in which a package records how its developer's container was run. */
const RUN_SETTINGS_LABEL = 'com.keg.package.run'

const MEGABYTE = 1024 * 1024
const MAX_SHM_SIZE = 2048 * MEGABYTE
const MAX_TMPFS_SIZE = 2048 * MEGABYTE
const MAX_TMPFS = 64

/** Docker's minimum. */
const MIN_MEMORY = 6 * MEGABYTE

/** Longer than anybody waits for a container to stop, in seconds. */
const MAX_STOP_TIMEOUT = 300

/** Docker's default on most installations. */
const MAX_OPEN_FILES = 1_048_576

/** Only what every container has. */
export const NO_SETTINGS: GrantedSettings = {init: false, tty: false, readOnly: false, writable: [], tmpfs: {}}

/** What else a decision depends on. */
export interface Circumstances {
  /** The network that the user gives the container. */
  readonly network?: string | undefined
  /** Known addresses of the machine that it runs on. */
  readonly hostAddresses?: ReadonlySet<string>
}

/**
 * Reads the label `com.keg.package.run` of an image: a request from whoever made the image, never a right. Ignores what is not in
 * the schema. Grants what a container could have or do without it (a name in its own /etc/hosts, a kernel parameter of its own
 * namespaces), and what takes away rights and resources; lists the rest with the flag that grants it.
 */
export function decideSettings(
  config: RuntimeConfig | null | undefined,
  circumstances: Circumstances = {},
): SettingsDecision {
  return divideSettings(readLabel(config), volumePaths(config), circumstances)
}

/** Splits settings into granted and refused. @param volumes of the package, for a container that may write nowhere else */
export function divideSettings(
  requested: RunSettings,
  volumes: readonly string[] = [],
  {hostAddresses = new Set(), network}: Circumstances = {},
): SettingsDecision {
  const sharesNetwork = network === 'host' || network?.startsWith('container:') === true
  const readOnly = requested.readOnly === true
  const tmpfs = Object.fromEntries(
    Object.entries(requested.tmpfs ?? {})
      .filter(isGrantedTmpfs)
      .slice(0, MAX_TMPFS),
  )
  const granted: GrantedSettings = {
    init: requested.init === true,
    tty: requested.tty === true,
    readOnly,
    writable: readOnly ? volumes.filter((path) => tmpfs[path] === undefined) : [],
    tmpfs,
    ...given({
      interactive: requested.interactive,
      shmSize: within(requested.shmSize, 1, MAX_SHM_SIZE),
      ...(sharesNetwork ? {} : ofOwnNetwork(requested, hostAddresses)),
      sysctls: Object.fromEntries(
        Object.entries(requested.sysctls ?? {}).filter(
          ([name, value]) => isNamespacedSysctl(name, value) && !(sharesNetwork && name.startsWith('net.')),
        ),
      ),
      ulimits: requested.ulimits?.filter(isGrantedUlimit),
      ...capabilitiesOf(requested),
      noNewPrivileges: requested.securityOpt?.some((option) => /^no-new-privileges(?:[=:]true)?$/.test(option)),
      ...memoryOf(requested),
      cpus: within(requested.cpus, 0.01, 1024),
      pidsLimit: within(requested.pidsLimit, 1, Number.MAX_SAFE_INTEGER),
      stopTimeout: within(requested.stopTimeout, 0, MAX_STOP_TIMEOUT),
    }),
  }
  return {granted, refused: refusedSettings(requested, granted)}
}

/** Whether an image asks for something that depends on the machine's addresses. */
export function requestsHosts(config: RuntimeConfig | null | undefined): boolean {
  return (readLabel(config).extraHosts ?? []).length > 0
}

function readLabel(config: RuntimeConfig | null | undefined): RunSettings {
  const text = config?.Labels?.[RUN_SETTINGS_LABEL] ?? ''
  return text.length > MAX_RUN_SETTINGS_LENGTH ? {} : readRunSettings(parseJson(text))
}

type MayBeAbsent<Settings> = {readonly [Name in keyof Settings]?: Settings[Name] | undefined}

/** Leaves out what was not asked for. */
function given(settings: MayBeAbsent<GrantedSettings>): Partial<GrantedSettings> {
  const isGiven = ([, value]: [string, unknown]): boolean =>
    value !== undefined && value !== false && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0)
  return Object.fromEntries(Object.entries(settings).filter(isGiven))
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined
}

/** A host name (RFC 1123), or one with underscores, which docker and compose accept. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/i

/** resolv.conf(5). */
const DNS_OPTION =
  /^(?:ndots|timeout|attempts):\d{1,3}$|^(?:rotate|edns0|single-request(?:-reopen)?|no-tld-query|use-vc|no-reload|trust-ad|no-aaaa)$/

/** The host names that a container with its own network may have and know. */
function ofOwnNetwork(requested: RunSettings, hostAddresses: ReadonlySet<string>): MayBeAbsent<GrantedSettings> {
  const isName = (name: string | undefined): boolean => name !== undefined && HOST_NAME.test(name)
  return {
    // The kernel's limit is 64 characters (uname(2)).
    hostname: isName(requested.hostname) && (requested.hostname ?? '').length < 64 ? requested.hostname : undefined,
    domainname: isName(requested.domainname) ? requested.domainname : undefined,
    extraHosts: requested.extraHosts?.filter((host) => {
      const [, name, address = ''] = /^([^:=]*)[:=](.*)$/.exec(host) ?? []
      return isName(name) && isElsewhere(address.replace(/^\[(.*)\]$/, '$1'), hostAddresses)
    }),
    dnsSearch: requested.dnsSearch?.filter((domain) => domain === '.' || isName(domain.replace(/\.$/, ''))),
    dnsOptions: requested.dnsOptions?.filter((option) => DNS_OPTION.test(option)),
  }
}

/** Docker's options for size and modes; all other mount options are left out. */
const TMPFS_OPTION =
  /^(?:rw|ro|exec|noexec|suid|nosuid|nodev|mode=[0-7]{3,4}|uid=\d{1,9}|gid=\d{1,9}|size=\d{1,12}[kmg]?)$/i

function isGrantedTmpfs([path, options]: readonly [string, string]): boolean {
  const isOption = (option: string): boolean => TMPFS_OPTION.test(option) && sizeOf(option) <= MAX_TMPFS_SIZE
  return isMountPath(path) && (options === '' || options.split(',').every(isOption))
}

function isMountPath(path: string): boolean {
  const forbidden = ['/proc', '/sys', '/dev'].some((folder) => isWithin(path, folder))
  return (
    path.startsWith('/') &&
    path !== '/' &&
    posix.normalize(path) === path &&
    !/[\u0000-\u001f:]/.test(path) &&
    !forbidden
  )
}

function sizeOf(option: string): number {
  const [, digits, unit = ''] = /^size=(\d+)([kmg]?)$/i.exec(option) ?? []
  return Number(digits ?? 0) * 1024 ** ' kmg'.indexOf(unit === '' ? ' ' : unit.toLowerCase())
}

/** What docker does not limit, so that a limit can only reduce it. */
const UNLIMITED = new Set(['core', 'cpu', 'data', 'fsize', 'nproc', 'rss', 'stack'])

function isGrantedUlimit({hard, name, soft}: Ulimit): boolean {
  const isOrdered = hard === -1 ? soft >= -1 : soft >= 0 && soft <= hard
  if (name === 'nofile') return isOrdered && hard >= 1 && hard <= MAX_OPEN_FILES
  return isOrdered && hard >= -1 && UNLIMITED.has(name)
}

/** Drops the same capabilities, and adds back only those that every container has. */
function capabilitiesOf({capAdd, capDrop, privileged}: RunSettings): MayBeAbsent<GrantedSettings> {
  const dropped = (capDrop ?? []).map(capabilityName).filter((name) => name === 'ALL' || isDefaultCapability(name))
  if (dropped.length === 0 || privileged === true) return {}
  return {capDrop: dropped, capAdd: (capAdd ?? []).map(capabilityName).filter(isDefaultCapability)}
}

function memoryOf(requested: RunSettings): MayBeAbsent<GrantedSettings> {
  const memory = within(requested.memory, MIN_MEMORY, Number.MAX_SAFE_INTEGER)
  const {memorySwap = 0} = requested
  return {
    memory,
    memoryReservation: within(requested.memoryReservation, MIN_MEMORY, memory ?? Number.MAX_SAFE_INTEGER),
    memorySwap: memory !== undefined && (memorySwap === -1 || memorySwap >= memory) ? memorySwap : undefined,
  }
}

/** Only volumes: a bind may have been a file, which no volume can be mounted on, so it stays as it is in the image. */
function volumePaths(config: RuntimeConfig | null | undefined): string[] {
  const volumes = labelledMounts(readMountLayers(config?.Labels)).filter(({type}) => type === 'volume')
  return volumes.map(({path}) => path).filter(isMountPath)
}
