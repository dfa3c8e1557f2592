import {shellLine} from '../terminal/text.js'
import type {RunSettings, Ulimit} from './run-settings.js'

/** Flags of `docker run` whose names differ from the setting's. */
const FLAGS: Partial<Record<keyof RunSettings, string>> = {
  annotations: 'annotation',
  deviceCgroupRules: 'device-cgroup-rule',
  devices: 'device',
  dnsOptions: 'dns-option',
  extraHosts: 'add-host',
  links: 'link',
  networkAliases: 'network-alias',
  ports: 'publish',
  sysctls: 'sysctl',
  ulimits: 'ulimit',
}

const BYTES: ReadonlySet<string> = new Set<keyof RunSettings>(['memory', 'memoryReservation', 'memorySwap', 'shmSize'])
const MEBIBYTE = 2 ** 20

/** The flags of `docker run` for a container's settings: `--init`, `--shm-size 64m`. */
export function runSettingFlags(settings: RunSettings): string[] {
  return Object.entries(settings).flatMap(([name, value]: [string, RunSettings[keyof RunSettings]]) => {
    const flag = `--${FLAGS[name as keyof RunSettings] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    return valuesOf(name, value).map((text) => (text === '' ? flag : shellLine([flag, text])))
  })
}

/** In docker's syntax; nothing for a switch that is off, and an empty text for one that is on. */
function valuesOf(name: string, value: RunSettings[keyof RunSettings]): string[] {
  if (value === undefined || value === false) return []
  if (value === true) return ['']
  if (typeof value === 'number')
    return [BYTES.has(name) && value > 0 && value % MEBIBYTE === 0 ? `${value / MEBIBYTE}m` : String(value)]
  if (typeof value === 'string') return [value]
  if (isList(value))
    return value.map((item) => (typeof item === 'string' ? item : `${item.name}=${item.soft}:${item.hard}`))
  const separator = name === 'tmpfs' ? ':' : '='
  return Object.entries(value).map(([key, text]) => (text === '' ? key : key + separator + text))
}

function isList(value: object): value is readonly (string | Ulimit)[] {
  return Array.isArray(value)
}
