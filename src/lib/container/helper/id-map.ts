import {EngineError} from '../../engine/engine-error.js'
import type {ImageDetails} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import {readTar, type TarEntry} from '../../tar/read-tar.js'
import {bytesToText, encodeHeader, END_OF_TAR, type TarHeader} from '../../tar/tar-header.js'
import {writeTar} from '../../tar/write-tar.js'
import {printable} from '../../terminal/text.js'
import {baseLayer} from '../../image/image.js'
import type {BaseLayer} from '../../image/model.js'
import {HelperContainer} from './helper-container.js'
import {HelperImage} from './helper-image.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What an id map needs. */
export interface IdMapOptions {
  /** An image with the platform of helper images. */
  readonly like: ImageDetails
}

/** An archive of the engine, and the path in the container of its first component. */
export interface OwnedArchive {
  readonly destination: string
  readonly read: () => AsyncIterable<Buffer>
}

/**
 * Finds the owner of a file as seen in a container. An engine with `userns-remap` stores files with shifted ids. It shifts
 * them back in commits and exports, but not in its archives (20.10.24 and 26.1.5), and does not report its map. So each
 * owner in an archive is tested: the engine gets a file of the supposed owner, and must archive it with the same id.
 * Otherwise keg refuses: a package with a wrong owner would be worse than none.
 */
export class IdMap {
  readonly #users = new Map<number, number>()
  readonly #groups = new Map<number, number>()

  private constructor(
    private readonly work: Pick<EngineWork, 'engine' | 'run' | 'signal'>,
    private readonly options: IdMapOptions,
    /** What the engine maps root to; undefined if it does not shift ids. */
    private readonly root: Owner | undefined,
  ) {}

  /** The map of an engine; free if the engine does not shift ids. */
  static async of(work: Pick<EngineWork, 'engine' | 'run' | 'signal'>, options: IdMapOptions): Promise<IdMap> {
    if (!work.engine.remapsUsers) return new IdMap(work, options, undefined)
    const [root] = await tryOwners(work, options, [{uid: 0, gid: 0}])
    return new IdMap(work, options, root)
  }

  /**
   * Learns all owners in archives at once, before `inContainer` reads them.
   * @throws RefusedError `owner-unmapped` if a file's owner cannot exist in a container.
   */
  async learn(archives: readonly OwnedArchive[]): Promise<void> {
    if (this.root === undefined) return
    const found = new FoundOwners()
    for (const {destination, read} of archives)
      for await (const {header} of readTar(read())) found.add(header, () => pathOf(destination, header))
    await this.#try(found)
  }

  /** An archive of the engine with owners as seen in a container. */
  async *inContainer(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    if (this.root === undefined) {
      yield* archive
      return
    }
    yield* writeTar(this.#ownedEntries(archive))
  }

  async *#ownedEntries(archive: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
    for await (const {header, content} of readTar(archive)) yield {header: await this.owned(header), content}
  }

  /** One header of an archive with its owner as seen in a container. */
  async owned(header: TarHeader): Promise<TarHeader> {
    if (this.root === undefined) return header
    if (!this.#users.has(header.uid) || !this.#groups.has(header.gid)) {
      const found = new FoundOwners()
      found.add(header, () => `/${bytesToText(header.path)}`)
      await this.#try(found)
    }
    return {...header, uid: known(this.#users, header.uid), gid: known(this.#groups, header.gid)}
  }

  /** Adds owners after testing that they are mapped as supposed. */
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
      stored = await tryOwners(this.work, this.options, owners)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      const id = Number(UNMAPPED.exec(error.response)?.[1] ?? NaN)
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

/** The engine's error for an id beyond its map (moby, pkg/idtools/idtools.go). */
const UNMAPPED = /Container ID (\d+) cannot be mapped to a host ID/

/** Ids in an archive, each with its first file. */
class FoundOwners {
  readonly users = new Map<number, string>()
  readonly groups = new Map<number, string>()

  add({gid, uid}: Owner, path: () => string): void {
    if (!this.users.has(uid)) this.users.set(uid, path())
    if (!this.groups.has(gid)) this.groups.set(gid, path())
  }
}

/** The folder of the helper image's files. */
const PLACE = 'owners'

/** Has the engine store a file for each owner. @returns the owners it reports, in the same order. */
async function tryOwners(
  work: Pick<EngineWork, 'engine' | 'run' | 'signal'>,
  {like}: IdMapOptions,
  owners: readonly Owner[],
): Promise<Owner[]> {
  const {signal} = work
  const layers = [ownersLayer(owners)]
  await using image = await HelperImage.create(work, {like, layers})
  await using container = await HelperContainer.create(work, {image: image.id})
  const stored = new Map<string, Owner>()
  for await (const {header} of readTar(container.archive(`/${PLACE}`, signal))) stored.set(header.path, header)
  return owners.map((_, index) => {
    const owner = stored.get(`${PLACE}/${index}`)
    if (owner === undefined) throw new Error('the engine lost a file of a helper image')
    return owner
  })
}

function ownersLayer(owners: readonly Owner[]): BaseLayer {
  const nothing = {size: 0, mtime: 0, link: '', deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()}
  const folder = {...nothing, path: PLACE, type: 'directory', mode: 0o755, uid: 0, gid: 0} as const
  const files = owners.map(
    (owner, index) => ({...nothing, ...owner, path: `${PLACE}/${index}`, type: 'file', mode: 0o644}) as const,
  )
  const tar = Buffer.concat([...[folder, ...files].map(encodeHeader), END_OF_TAR])
  return baseLayer(tar, {created: new Date(0).toISOString(), created_by: 'keg'})
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
    `${printable(path)} belongs to ${what} ${id} of the machine, which does not exist in containers of this engine (userns-remap).`,
    {
      code: 'owner-unmapped',
      hint: `Give it to a ${what} of the container (${what === 'user' ? 'chown' : 'chgrp'}), or exclude its mount with --exclude-mount.`,
      data: {path, [what]: id},
      cause,
    },
  )
}
