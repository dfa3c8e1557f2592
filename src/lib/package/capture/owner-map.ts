import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ImageDetails} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, encodeHeader, END_OF_TAR, paddingAfter, type TarHeader} from '../../tar/tar-header.js'
import {printable} from '../../terminal/text.js'
import {layerOf, type ImageLayer} from '../image/image.js'
import {HelperContainer} from './helper-container.js'
import {HelperImage} from './helper-image.js'

/** What an owner map is made from. */
export interface OwnerMapOptions {
  readonly engine: Engine
  /** Whose platform helper images have. */
  readonly like: ImageDetails
  readonly run: string
  readonly signal: AbortSignal
}

/** An archive of the engine, and what its first component stands for in the container. */
export interface OwnedArchive {
  readonly destination: string
  readonly read: () => AsyncIterable<Buffer>
}

/**
 * Tells whose a file is in a container. An engine with `userns-remap` stores files under shifted ids, shifts them back where
 * it commits and exports, but not in its archives (tried on 20.10.24 and 26.1.5), and tells nobody its map. So every owner
 * that an archive names is tried: the engine itself is given a file that belongs to the owner he is taken for, and has to
 * archive it as the same. An owner for whom it does not is refused: a package with a wrong owner would be worse than none.
 */
export class OwnerMap {
  readonly #users = new Map<number, number>()
  readonly #groups = new Map<number, number>()

  private constructor(
    private readonly options: OwnerMapOptions,
    /** Whom the engine makes of root; undefined where it shifts nobody. */
    private readonly root: Owner | undefined,
  ) {}

  /** The map of an engine; one that shifts nothing costs nothing. */
  static async of(options: OwnerMapOptions): Promise<OwnerMap> {
    if (!options.engine.remapsUsers) return new OwnerMap(options, undefined)
    const [root] = await tryOwners(options, [{uid: 0, gid: 0}])
    return new OwnerMap(options, root)
  }

  /**
   * Learns all owners that archives name at once, before they are read through `inContainer`.
   * @throws RefusedError `owner-unmapped` where a file belongs to nobody that a container can have.
   */
  async learn(archives: readonly OwnedArchive[]): Promise<void> {
    if (this.root === undefined) return
    const found = new FoundOwners()
    for (const {destination, read} of archives)
      for await (const {header} of readTar(read())) found.add(header, () => pathOf(destination, header))
    await this.#try(found)
  }

  /** An archive of the engine with the owners that its files have in a container. */
  async *inContainer(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    if (this.root === undefined) {
      yield* archive
      return
    }
    for await (const {header, content} of readTar(archive)) {
      yield encodeHeader(await this.owned(header))
      yield* content
      if (paddingAfter(header.size) > 0) yield Buffer.alloc(paddingAfter(header.size))
    }
    yield END_OF_TAR
  }

  /** One header of an archive with the owner that its file has in a container. */
  async owned(header: TarHeader): Promise<TarHeader> {
    if (this.root === undefined) return header
    if (!this.#users.has(header.uid) || !this.#groups.has(header.gid)) {
      const found = new FoundOwners()
      found.add(header, () => `/${bytesToText(header.path)}`)
      await this.#try(found)
    }
    return {...header, uid: known(this.#users, header.uid), gid: known(this.#groups, header.gid)}
  }

  /** Takes in the owners that are really mapped as they seem to be. */
  async #try({groups, users}: FoundOwners): Promise<void> {
    if (this.root === undefined) return
    const uids = [...users.keys()].filter((uid) => !this.#users.has(uid))
    const gids = [...groups.keys()].filter((gid) => !this.#groups.has(gid))
    const {uid: rootUser, gid: rootGroup} = this.root
    const unmappedUser = uids.find((uid) => uid < rootUser)
    if (unmappedUser !== undefined) throw unmapped('user', unmappedUser, users)
    const unmappedGroup = gids.find((gid) => gid < rootGroup)
    if (unmappedGroup !== undefined) throw unmapped('group', unmappedGroup, groups)

    const count = Math.max(uids.length, gids.length)
    if (count === 0) return
    const owners = Array.from({length: count}, (_, index): Owner => ({
      uid: (uids[index] ?? rootUser) - rootUser,
      gid: (gids[index] ?? rootGroup) - rootGroup,
    }))
    let stored: Owner[]
    try {
      stored = await tryOwners(this.options, owners)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      const id = Number(UNMAPPED.exec(error.said)?.[1] ?? NaN)
      if (users.has(id + rootUser)) throw unmapped('user', id + rootUser, users, error)
      if (groups.has(id + rootGroup)) throw unmapped('group', id + rootGroup, groups, error)
      throw error
    }
    uids.forEach((uid, index) => {
      if (stored[index]?.uid !== uid) throw unmapped('user', uid, users)
      this.#users.set(uid, uid - rootUser)
    })
    gids.forEach((gid, index) => {
      if (stored[index]?.gid !== gid) throw unmapped('group', gid, groups)
      this.#groups.set(gid, gid - rootGroup)
    })
  }
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What engines say when they are to store a file of a user beyond their map (moby, pkg/idtools/idtools.go). */
const UNMAPPED = /Container ID (\d+) cannot be mapped to a host ID/

/** Ids of an archive, each with the first file that has it. */
class FoundOwners {
  readonly users = new Map<number, string>()
  readonly groups = new Map<number, string>()

  add({gid, uid}: Owner, path: () => string): void {
    if (!this.users.has(uid)) this.users.set(uid, path())
    if (!this.groups.has(gid)) this.groups.set(gid, path())
  }
}

/** Where the helper image has its files. */
const PLACE = 'owners'

/** Has the engine store a file for each owner. @returns whose it says they are, in the same order. */
async function tryOwners({engine, like, run, signal}: OwnerMapOptions, owners: readonly Owner[]): Promise<Owner[]> {
  const layers = [ownersLayer(owners)]
  await using image = await HelperImage.create({engine, like, run, signal, layers})
  await using container = await HelperContainer.create({engine, image: image.id, run})
  const stored = new Map<string, Owner>()
  for await (const {header} of readTar(container.archive(`/${PLACE}`, signal))) stored.set(header.path, header)
  return owners.map((_, index) => {
    const owner = stored.get(`${PLACE}/${index}`)
    if (owner === undefined) throw new Error('the engine lost a file of a helper image')
    return owner
  })
}

function ownersLayer(owners: readonly Owner[]): ImageLayer {
  const nothing = {size: 0, mtime: 0, link: '', deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()}
  const folder = {...nothing, path: PLACE, type: 'directory', mode: 0o755, uid: 0, gid: 0} as const
  const files = owners.map(
    (owner, index) => ({...nothing, ...owner, path: `${PLACE}/${index}`, type: 'file', mode: 0o644}) as const,
  )
  const tar = Buffer.concat([...[folder, ...files].map(encodeHeader), END_OF_TAR])
  return layerOf(tar, {created: new Date(0).toISOString(), created_by: 'keg'})
}

function known(ids: ReadonlyMap<number, number>, id: number): number {
  const found = ids.get(id)
  if (found === undefined) throw new Error(`the owner ${id} was not tried`)
  return found
}

function pathOf(destination: string, header: TarHeader): string {
  const slash = header.path.indexOf('/')
  return slash < 0 ? destination : destination + bytesToText(header.path.slice(slash))
}

function unmapped(
  what: 'user' | 'group',
  id: number,
  found: ReadonlyMap<number, string>,
  cause?: unknown,
): RefusedError {
  const path = found.get(id) ?? ''
  return new RefusedError(
    `${printable(path)} belongs to ${what} ${id} of the machine, whom no container of this engine has (userns-remap).`,
    {
      code: 'owner-unmapped',
      hint: `Give it to somebody in the container (${what === 'user' ? 'chown' : 'chgrp'}), or leave its mount out with --exclude-mount.`,
      data: {path, [what]: id},
      cause,
    },
  )
}
