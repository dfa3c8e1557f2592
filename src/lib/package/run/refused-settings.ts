import {cutColumns} from '../../terminal/columns.js'
import {formatBytes, shellLine} from '../../terminal/text.js'
import type {RunSettings} from '../../image/run-settings.js'
import {isDefaultCapability} from './default-capabilities.js'
import type {GrantedSettings, RefusedSetting} from './model.js'

/** How many values of a list are named. */
const MAX_NAMED = 10
const MAX_NAME_LENGTH = 100

/** What was asked for and not granted, in the order of how much it gives. */
export function refusedSettings(requested: RunSettings, granted: GrantedSettings): RefusedSetting[] {
  const not = <Item>(items: readonly Item[] | undefined, others: readonly Item[] = []): Item[] =>
    (items ?? []).filter((item) => !others.includes(item))
  const isAddition = (name: string): boolean => name === 'ALL' || !isDefaultCapability(name)
  const sysctls = Object.entries(requested.sysctls ?? {}).map((pair) => pair.join('='))
  const grantedSysctls = Object.entries(granted.sysctls ?? {}).map((pair) => pair.join('='))
  const tmpfs = Object.entries(requested.tmpfs ?? {}).flatMap(([path, options]) =>
    granted.tmpfs[path] === undefined ? [options === '' ? path : `${path}:${options}`] : [],
  )
  const {network, networkAliases, shmSize} = requested
  const isOwnNetwork = network !== undefined && network !== 'container'
  return [
    ...(shmSize !== undefined && shmSize !== 0 && granted.shmSize === undefined
      ? [
          {
            what: `the size of /dev/shm (${formatBytes(Math.max(shmSize, 0))})`,
            flags: [['--shm-size', String(shmSize)]],
          },
        ]
      : []),
    ...(requested.privileged === true ? [{what: 'privileged', flags: [['--privileged']]}] : []),
    ...several('capability', 'capabilities', '--cap-add', not(requested.capAdd).filter(isAddition)),
    ...several('group', 'groups', '--group-add', not(requested.groupAdd)),
    ...several(
      'ulimit',
      'ulimits',
      '--ulimit',
      not(requested.ulimits, granted.ulimits).map(({hard, name, soft}) => `${name}=${soft}:${hard}`),
    ),
    ...several('tmpfs', 'tmpfs', '--tmpfs', tmpfs),
    ...several('device', 'devices', '--device', not(requested.devices)),
    ...several('device rule', 'device rules', '--device-cgroup-rule', not(requested.deviceCgroupRules)),
    ...several('GPU', 'GPUs', '--gpus', not(requested.gpus)),
    ...several('security option', 'security options', '--security-opt', securityOptions(requested)),
    ...one('PID namespace', '--pid', requested.pid),
    ...one('IPC namespace', '--ipc', requested.ipc),
    ...one('UTS namespace', '--uts', requested.uts),
    ...one('user namespace', '--userns', requested.userns),
    ...one('cgroup namespace', '--cgroupns', requested.cgroupns),
    ...one('runtime', '--runtime', requested.runtime),
    ...(isOwnNetwork ? one('network', '--network', network) : []),
    ...(isOwnNetwork ? several('network alias', 'network aliases', '--network-alias', not(networkAliases)) : []),
    ...several('extra host', 'extra hosts', '--add-host', not(requested.extraHosts, granted.extraHosts)),
    ...several('DNS server', 'DNS servers', '--dns', not(requested.dns)),
    ...several('DNS search domain', 'DNS search domains', '--dns-search', not(requested.dnsSearch, granted.dnsSearch)),
    ...several('DNS option', 'DNS options', '--dns-option', not(requested.dnsOptions, granted.dnsOptions)),
    ...several('kernel parameter', 'kernel parameters', '--sysctl', not(sysctls, grantedSysctls)),
    ...one('host name', '--hostname', granted.hostname === undefined ? requested.hostname : undefined),
    ...dockerOnlySettings(requested, granted),
  ]
}

/** What loosens its security. For a custom seccomp profile, the user has to have its file. */
function securityOptions({securityOpt = []}: RunSettings): string[] {
  const lessSecure = securityOpt.filter((option) => !option.startsWith('no-new-privileges'))
  return lessSecure.map((option) => (option === 'seccomp=custom' ? 'seccomp=FILE' : option))
}

/** What keg has no flag for: the text names docker's. */
function dockerOnlySettings(requested: RunSettings, granted: GrantedSettings): RefusedSetting[] {
  const unless = <Value>(isGranted: boolean, value: Value): Value | undefined => (isGranted ? undefined : value)
  const pairs = (record: Readonly<Record<string, string>> | undefined): string | undefined =>
    record &&
    Object.entries(record)
      .map((pair) => pair.join('='))
      .slice(0, MAX_NAMED)
      .join(', ')
  const table: readonly [what: string, flag: string, value: string | number | undefined][] = [
    ['network', '--network container:NAME', requested.network === 'container' ? 'of another container' : undefined],
    ['links', '--link', requested.links?.slice(0, MAX_NAMED).join(', ')],
    ['MAC address', '--mac-address', requested.macAddress],
    ['domain name', '--domainname', unless(granted.domainname !== undefined, requested.domainname)],
    ['memory limit', '--memory', unless(granted.memory !== undefined, requested.memory)],
    ['CPU limit', '--cpus', unless(granted.cpus !== undefined, requested.cpus)],
    ['CPU shares', '--cpu-shares', requested.cpuShares],
    ['CPUs', '--cpuset-cpus', requested.cpusetCpus],
    ['cgroup', '--cgroup-parent', requested.cgroupParent],
    ['no OOM killer', '--oom-kill-disable', requested.oomKillDisable === true ? '' : undefined],
    ['OOM score', '--oom-score-adj', requested.oomScoreAdj],
    ['stop timeout', '--stop-timeout', unless(granted.stopTimeout !== undefined, requested.stopTimeout)],
    ['restart policy', '--restart', requested.restart],
    ['log driver', '--log-driver', requested.logDriver],
    ['storage options', '--storage-opt', pairs(requested.storageOpt)],
    ['annotations', '--annotation', pairs(requested.annotations)],
  ]
  return table.flatMap(([what, flag, value]) =>
    value === undefined
      ? []
      : [{what: `${`${what} ${shortened(String(value))}`.trim()} (docker run ${flag})`, flags: []}],
  )
}

function one(what: string, flag: string, value: string | undefined): RefusedSetting[] {
  return value === undefined ? [] : [{what: `${what} ${shortened(value)}`, flags: [[flag, value]]}]
}

/** A list, shortened to what a person will read. */
function several(singular: string, plural: string, flag: string, values: readonly string[]): RefusedSetting[] {
  if (values.length === 0) return []
  const named = values.slice(0, MAX_NAMED)
  const more = values.length > named.length ? ` and ${values.length - named.length} more` : ''
  const what = `${values.length === 1 ? singular : plural} ${named.map(shortened).join(', ')}${more}`
  return [{what, flags: named.map((value) => [flag, value])}]
}

function shortened(text: string): string {
  return cutColumns(text, MAX_NAME_LENGTH, '...')
}

/** The text for the user, with the flags that grant the settings. */
export function refusedText(refused: readonly RefusedSetting[]): string {
  const flags = refused.flatMap((setting) => setting.flags.flat())
  const what = `Not granted, though the developer's container had it: ${refused.map((setting) => setting.what).join('; ')}.`
  return flags.length === 0 ? what : `${what} If you trust it, give it what it needs with: ${shellLine(flags)}`
}
