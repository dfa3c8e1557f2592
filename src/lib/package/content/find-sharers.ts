import {mountPoints} from '../../container/mount-points.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, MountPoint} from '../../engine/types.js'
import {boundFolder} from '../mount/bound-volume.js'
import {isWithin} from '../../tar/path.js'

/** Another container that has one of a container's mounts mounted read-write. */
export interface Sharer {
  readonly id: string
  readonly name: string
  /** Destinations of the mounts in the container that is packaged. */
  readonly mounts: readonly string[]
  /** Whether it is paused, and so cannot write until it is unpaused. */
  readonly isPaused: boolean
}

/** The part of an engine that shows which containers share mounts. */
export type SharersEngine = Pick<Engine, 'containers' | 'volume'>

/** What is mounted: a volume by its name, or a folder or file of the engine's machine. */
export interface MountedPlace {
  readonly volume?: string | undefined
  readonly path?: string | undefined
}

/** Whether writing to one can change the other: the same volume, or paths one of which is within the other. */
export function overlap(one: MountedPlace, other: MountedPlace): boolean {
  if (one.volume !== undefined && one.volume === other.volume) return true
  if (one.path === undefined || other.path === undefined) return false
  return isWithin(one.path, other.path) || isWithin(other.path, one.path)
}

/**
 * Finds containers that share mounts with a container, anew with each call. Cannot see processes of the machine itself, or
 * containers of other engines.
 */
export class SharerFinder {
  /** Each volume is looked up only once: `find` runs again while containers are paused. */
  readonly #folders = new Map<string, Promise<string | undefined>>()

  /** @param destinations of the mounts that are read */
  constructor(
    private readonly engine: SharersEngine,
    private readonly container: ContainerDetails,
    private readonly destinations: readonly string[],
  ) {}

  /** Those that are running, restarting or paused, by name. */
  async find(): Promise<Sharer[]> {
    const read = mountPoints(this.container).filter(({Destination}) => this.destinations.includes(Destination))
    if (read.length === 0) return []
    const places = await Promise.all(read.map(async (mount) => ({mount, place: await this.#placeOf(mount)})))
    const rows = await this.engine.containers({status: ['running', 'restarting', 'paused']})
    const sharers = await Promise.all(
      rows
        .filter(({Id}) => Id !== this.container.Id)
        .map(async ({Id: id, Mounts: mounts, Names, State}): Promise<Sharer> => {
          const written = await Promise.all((mounts ?? []).filter(({RW}) => RW).map((mount) => this.#placeOf(mount)))
          const shared = places.filter(({place}) => written.some((other) => overlap(place, other)))
          // An engine also lists names from links: /other/alias.
          const name = Names?.find((each) => /^\/[^/]+$/.test(each))?.slice(1) ?? id.slice(0, 12)
          return {id, name, mounts: shared.map(({mount}) => mount.Destination).sort(), isPaused: State === 'paused'}
        }),
    )
    return sharers.filter(({mounts}) => mounts.length > 0).sort((one, other) => (one.name < other.name ? -1 : 1))
  }

  async #placeOf(mount: MountPoint): Promise<MountedPlace> {
    if (mount.Type === 'bind') return {path: mount.Source}
    if (mount.Type !== 'volume') return {}
    const name = mount.Name ?? ''
    const looking = this.#folders.get(name) ?? boundFolder(this.engine, mount)
    this.#folders.set(name, looking)
    const path = (await looking) ?? mount.Source
    return {volume: mount.Name, ...(path !== '' && {path})}
  }
}
