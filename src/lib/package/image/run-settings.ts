import type {ContainerDetails, HostConfig as ContainerHostConfig} from '../../engine/types.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'

/**
 * How a container was run, beyond what an image's configuration can say: the label `com.keg.package.run`. Whoever reads it
 * reads a wish of a stranger: it never gives rights.
 */
export interface RunSettings {
  readonly init?: boolean
  readonly tty?: boolean
  readonly readOnly?: boolean
  /** Bytes of /dev/shm. */
  readonly shmSize?: number
  /** Mount options by path. */
  readonly tmpfs?: Readonly<Record<string, string>>
  readonly privileged?: boolean
  readonly capAdd?: readonly string[]
  readonly capDrop?: readonly string[]
  readonly groupAdd?: readonly string[]
  readonly ulimits?: readonly {readonly name: string; readonly soft: number; readonly hard: number}[]
  /** Container ports that were published, such as `8080/tcp`. */
  readonly ports?: readonly string[]
}

/** What docker gives /dev/shm by itself. */
const DEFAULT_SHM_SIZE = 64 * 1024 * 1024

/** The run settings of a container, without what is docker's default anyway. */
export function runSettingsOf({Config, HostConfig}: ContainerDetails): RunSettings {
  const {CapAdd, CapDrop, GroupAdd, Init, PortBindings, Privileged, ReadonlyRootfs, ShmSize, Ulimits} = HostConfig
  const tmpfs = tmpfsOf(HostConfig)
  const ports = Object.keys(PortBindings ?? {}).sort()
  return {
    ...(Init === true && {init: true}),
    ...(Config.Tty === true && {tty: true}),
    ...(ReadonlyRootfs === true && {readOnly: true}),
    ...(ShmSize !== undefined && ShmSize !== 0 && ShmSize !== DEFAULT_SHM_SIZE && {shmSize: ShmSize}),
    ...(Object.keys(tmpfs).length > 0 && {tmpfs}),
    ...(Privileged === true && {privileged: true}),
    ...(CapAdd && CapAdd.length > 0 && {capAdd: CapAdd}),
    ...(CapDrop && CapDrop.length > 0 && {capDrop: CapDrop}),
    ...(GroupAdd && GroupAdd.length > 0 && {groupAdd: GroupAdd}),
    ...(Ulimits &&
      Ulimits.length > 0 && {ulimits: Ulimits.map(({Hard, Name, Soft}) => ({name: Name, soft: Soft, hard: Hard}))}),
    ...(ports.length > 0 && {ports}),
  }
}

/** Whether a value read from a label has the form of run settings: nothing but the known fields, each of its type. */
export function isRunSettings(value: unknown): value is RunSettings {
  return (
    isObject(value) &&
    Object.entries(value).every(([field, content]) => Object.hasOwn(FIELDS, field) && FIELDS[field]?.(content) === true)
  )
}

type Check = (value: unknown) => boolean

const isBoolean: Check = (value) => typeof value === 'boolean'
const isText: Check = (value) => typeof value === 'string' && printable(value) === value
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)

const FIELDS: Readonly<Record<string, Check>> = {
  init: isBoolean,
  tty: isBoolean,
  readOnly: isBoolean,
  shmSize: Number.isSafeInteger,
  tmpfs: (value) => isObject(value) && Object.entries(value).flat().every(isText),
  privileged: isBoolean,
  capAdd: isTexts,
  capDrop: isTexts,
  groupAdd: isTexts,
  ulimits: (value) =>
    Array.isArray(value) &&
    value.every(
      (limit) =>
        isText(property(limit, 'name')) &&
        Number.isSafeInteger(property(limit, 'soft')) &&
        Number.isSafeInteger(property(limit, 'hard')),
    ),
  ports: isTexts,
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `--tmpfs` and `--mount type=tmpfs` asked for, both as options of the first. */
function tmpfsOf({Mounts, Tmpfs}: ContainerHostConfig): Record<string, string> {
  const mounted = (Mounts ?? []).flatMap(({Target, TmpfsOptions, Type}): [string, string][] => {
    if (Type !== 'tmpfs' || Target === undefined) return []
    const {Mode, SizeBytes} = TmpfsOptions ?? {}
    const options = [
      ...(SizeBytes !== undefined && SizeBytes > 0 ? [`size=${SizeBytes}`] : []),
      // An engine leaves out a mode that was not asked for, and takes 0 for it.
      ...(Mode !== undefined && Mode > 0 ? [`mode=${Mode.toString(8)}`] : []),
    ]
    return [[Target, options.join(',')]]
  })
  return {...Object.fromEntries(mounted), ...Tmpfs}
}
