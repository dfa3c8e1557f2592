import {posix} from 'node:path'
import type {RuntimeConfig} from '../../engine/types.js'
import {parseJson} from '../../json/json.js'
import {count} from '../../terminal/text.js'
import {readMountLayers} from '../image/labels.js'

/** The label in which a package says how its developer's container ran. */
const RUN_SETTINGS_LABEL = 'com.keg.package.run'

const MEGABYTE = 1024 * 1024
const LARGEST_SHM = 2048 * MEGABYTE
const LARGEST_TMPFS = 2048 * MEGABYTE
const MOST_MOUNTS = 64

/** Settings that are granted: none gives a container more rights than every container has. */
export interface GrantedSettings {
  readonly init: boolean
  readonly tty: boolean
  readonly readOnly: boolean
  /** Paths that were writable mounts of a read-only container, and so have to stay writable: each gets an anonymous volume. */
  readonly writable: readonly string[]
  /** Bytes. */
  readonly shmSize?: number
  /** Mount options by path. */
  readonly tmpfs: Readonly<Record<string, string>>
}

/** What the label asks for, divided in what is granted and what is not, in words. */
export interface SettingsDecision {
  readonly granted: GrantedSettings
  readonly refused: readonly string[]
}

/**
 * Reads the label `com.keg.package.run` of an image: a hint from whoever made the image, never a right. What is not of the schema is
 * passed over; capabilities, groups, ulimits and privileged are named, not granted.
 */
export function decideSettings(config: RuntimeConfig | null | undefined): SettingsDecision {
  const hints = parseObject(config?.Labels?.[RUN_SETTINGS_LABEL])
  const refused: string[] = []
  const shm = hints.shmSize
  const shmSize = typeof shm === 'number' && Number.isInteger(shm) && shm > 0 && shm <= LARGEST_SHM ? shm : undefined
  if (shm !== undefined && shm !== null && shm !== 0 && shmSize === undefined) refused.push('the size of /dev/shm')
  if (hints.privileged === true) refused.push('privileged')
  refuseList(refused, 'capability', 'capabilities', stringsOf(hints.capAdd))
  refuseList(refused, 'group', 'groups', stringsOf(hints.groupAdd))
  refuseList(refused, 'ulimit', 'ulimits', Array.isArray(hints.ulimits) ? hints.ulimits.map(ulimitName) : [])
  const {tmpfs, left} = readTmpfs(hints.tmpfs)
  if (left > 0) refused.push(count(left, 'tmpfs', 'tmpfs'))
  const readOnly = hints.readOnly === true
  return {
    granted: {
      init: hints.init === true,
      tty: hints.tty === true,
      readOnly,
      writable: readOnly ? volumePaths(config).filter((path) => tmpfs[path] === undefined) : [],
      tmpfs,
      ...(shmSize !== undefined && {shmSize}),
    },
    refused,
  }
}

/** Docker's own names of a size and modes; what else a mount option could say stays out. */
const TMPFS_OPTION =
  /^(?:rw|ro|exec|noexec|suid|nosuid|nodev|mode=[0-7]{3,4}|uid=\d{1,9}|gid=\d{1,9}|size=\d{1,12}[kmg]?)$/i

function readTmpfs(value: unknown): {tmpfs: Record<string, string>; left: number} {
  const entries = isObject(value) ? Object.entries(value) : []
  const good = entries
    .slice(0, MOST_MOUNTS)
    .flatMap(([path, options]) => (isMountPath(path) && isTmpfsOptions(options) ? [[path, options] as const] : []))
  return {tmpfs: Object.fromEntries(good), left: entries.length - good.length}
}

function isMountPath(path: string): boolean {
  const forbidden = ['/proc', '/sys', '/dev'].some((folder) => path === folder || path.startsWith(`${folder}/`))
  return (
    path.startsWith('/') &&
    path !== '/' &&
    posix.normalize(path) === path &&
    !/[\u0000-\u001f:]/.test(path) &&
    !forbidden
  )
}

function isTmpfsOptions(options: unknown): options is string {
  if (typeof options !== 'string') return false
  return (
    options === '' || options.split(',').every((option) => TMPFS_OPTION.test(option) && sizeOf(option) <= LARGEST_TMPFS)
  )
}

function sizeOf(option: string): number {
  const [, digits, unit = ''] = /^size=(\d+)([kmg]?)$/i.exec(option) ?? []
  return Number(digits ?? 0) * 1024 ** ' kmg'.indexOf(unit === '' ? ' ' : unit.toLowerCase())
}

function ulimitName(value: unknown): string {
  const name: unknown = isObject(value) ? value.name : undefined
  return typeof name === 'string' ? name : 'unknown'
}

function refuseList(refused: string[], singular: string, plural: string, names: readonly string[]): void {
  if (names.length > 0) refused.push(`${names.length === 1 ? singular : plural} ${names.join(', ')}`)
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A bind may have been a file, which no volume can be mounted on, so those stay as the image has them. */
function volumePaths(config: RuntimeConfig | null | undefined): string[] {
  const volumes = readMountLayers(config?.Labels).filter(({type}) => type === 'volume')
  return volumes.map(({path}) => path).filter(isMountPath)
}

function parseObject(text: string | undefined): Readonly<Record<string, unknown>> {
  const value = parseJson(text ?? '')
  return isObject(value) ? value : {}
}
