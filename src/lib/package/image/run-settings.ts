import type {ContainerDetails} from '../../engine/types.js'

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
  const {CapAdd, CapDrop, GroupAdd, Init, PortBindings, Privileged, ReadonlyRootfs, ShmSize, Tmpfs, Ulimits} =
    HostConfig
  const ports = Object.keys(PortBindings ?? {}).sort()
  return {
    ...(Init === true && {init: true}),
    ...(Config.Tty === true && {tty: true}),
    ...(ReadonlyRootfs === true && {readOnly: true}),
    ...(ShmSize !== undefined && ShmSize !== 0 && ShmSize !== DEFAULT_SHM_SIZE && {shmSize: ShmSize}),
    ...(Tmpfs && Object.keys(Tmpfs).length > 0 && {tmpfs: Tmpfs}),
    ...(Privileged === true && {privileged: true}),
    ...(CapAdd && CapAdd.length > 0 && {capAdd: CapAdd}),
    ...(CapDrop && CapDrop.length > 0 && {capDrop: CapDrop}),
    ...(GroupAdd && GroupAdd.length > 0 && {groupAdd: GroupAdd}),
    ...(Ulimits &&
      Ulimits.length > 0 && {ulimits: Ulimits.map(({Hard, Name, Soft}) => ({name: Name, soft: Soft, hard: Hard}))}),
    ...(ports.length > 0 && {ports}),
  }
}
