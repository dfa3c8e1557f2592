/**
 * The contents of a container or image, path by path, from the engine's archive. Shares no code with keg.
 *
 * `docker cp ID:/ -` was tried on 20.10.24 and 28.5.2: for a created, running, paused and stopped container it returns
 * the root file system with every volume and bind in its place, nested ones too; a tmpfs, whose contents exist only in
 * the running container, is an empty directory. Only if a mount is behind an absolute symlink, 28.5.2 refuses ("path
 * escapes from parent"); then the root is read by `docker export` and each mount through a separate container. The
 * engine leaves out sockets, user attributes, ACLs and fractions of a second.
 */
import {createHash} from 'node:crypto'
import {posix} from 'node:path'

import {baseImage, docker, DockerError, dockerStream, testLabel, uniqueName} from './docker.js'
import type {EntryType, TarMember} from './tar.js'
import {readTar} from './tar.js'

export interface Entry {
  device: {major: number; minor: number} | null
  gid: number
  /** All paths of the same inode, including this one, sorted; empty if it is the only one. */
  hardlinks: string[]
  /** Target of a symlink as a byte string. */
  link: string | null
  /** 07777 */
  mode: number
  /** Seconds. */
  mtime: number
  /** Hex, of a file. */
  sha256: string | null
  size: number
  type: Exclude<EntryType, 'hardlink'>
  uid: number
  /** Values as hex. */
  xattrs: Record<string, string>
}

/** Absolute path as a byte string (see `pathKey`) -> its entry. The root is `/`. */
export type Snapshot = Map<string, Entry>

/** A path as a key in snapshots: one character per byte, so that names that are not UTF-8 are kept. */
export function pathKey(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1')
}

/** Files that the engine creates in every container, so they say nothing about its image. */
const engineFiles = new Set(['/.dockerenv', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf'])

function isEngineOwn(path: string, entry: Entry): boolean {
  if (engineFiles.has(path) || /^\/(dev|proc|sys)\//.test(path)) return true
  return path === '/etc/mtab' && entry.link === '/proc/mounts'
}

function absolute(name: string): string {
  const path = posix.normalize(`/${name}`)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

async function sha256Of(body: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}

async function entryOf(member: TarMember, type: Entry['type']): Promise<Entry> {
  return {
    device: type.endsWith('device') ? {major: member.major, minor: member.minor} : null,
    gid: member.gid,
    hardlinks: [],
    link: type === 'symlink' ? member.link : null,
    mode: member.mode,
    mtime: member.mtime,
    sha256: type === 'file' ? await sha256Of(member.body) : null,
    size: member.size,
    type,
    uid: member.uid,
    xattrs: Object.fromEntries([...member.xattrs].map(([name, value]) => [name, value.toString('hex')])),
  }
}

interface Archive {
  entries: Snapshot
  /** Path of a hardlink entry -> path of the entry that has its contents. */
  links: Map<string, string>
}

async function readArchive(archive: AsyncIterable<Uint8Array>): Promise<Archive> {
  const entries: Snapshot = new Map()
  const links = new Map<string, string>()
  for await (const member of readTar(archive)) {
    const path = absolute(member.name)
    if (entries.has(path)) throw new Error(`the archive has ${JSON.stringify(path)} twice`)
    if (member.type === 'hardlink') {
      const target = absolute(member.link)
      const first = links.get(target) ?? target
      const source = entries.get(first)
      if (source === undefined) throw new Error(`${JSON.stringify(path)} links to ${JSON.stringify(target)}, not there`)
      links.set(path, first)
      entries.set(path, {...source, hardlinks: []})
    } else {
      entries.set(path, await entryOf(member, member.type))
    }
  }
  return {entries, links}
}

/** Follows the symlinks in a path with the entries read, as the engine does for a mount's destination. */
function resolved(path: string, entries: Snapshot): string {
  let current = '/'
  const names = path.split('/').filter((name) => name !== '')
  for (let followed = 0; names.length > 0;) {
    const next = posix.join(current, names.shift() ?? '')
    const link = entries.get(next)?.link
    if (typeof link !== 'string') {
      current = next
      continue
    }
    followed += 1
    if (followed > 40) throw new Error(`too many symlinks in ${path}`)
    if (link.startsWith('/')) current = '/'
    names.unshift(...link.split('/').filter((name) => name !== ''))
  }
  return current
}

interface Mount {
  Destination: string
  Name?: string
  Source: string
  Type: string
}

async function mountsOf(container: string): Promise<Mount[]> {
  const text = await docker(['container', 'inspect', '--format', '{{json .Mounts}}', container])
  const mounts = (JSON.parse(text) as Mount[] | null) ?? []
  return mounts.filter((mount) => mount.Type !== 'tmpfs').sort((a, b) => a.Destination.length - b.Destination.length)
}

/** A single file: an archive of it alone cannot contain it as a link to another. */
async function readAlone(container: string, path: string): Promise<Entry> {
  const name = Buffer.from(path, 'latin1').toString('utf8')
  if (pathKey(name) !== path) throw new Error(`${JSON.stringify(path)} cannot be asked for by its name`)
  const found: Entry[] = []
  for await (const member of readTar(dockerStream(['cp', `${container}:${name}`, '-'])))
    if (member.type !== 'hardlink') found.push(await entryOf(member, member.type))
  const [entry, ...others] = found
  if (entry === undefined || others.length > 0) throw new Error(`no single archive of ${JSON.stringify(path)}`)
  return entry
}

/** Groups the links of an archive by inode, and leaves out what the engine created. */
function finish({entries, links}: Archive, mountOf: (path: string) => string): Snapshot {
  for (const [path, entry] of entries) if (isEngineOwn(path, entry)) entries.delete(path)
  const groups = new Map<string, string[]>()
  for (const [path, first] of [...links, ...[...new Set(links.values())].map((leader) => [leader, leader] as const)]) {
    if (!entries.has(path)) continue
    const key = JSON.stringify([mountOf(path), first])
    groups.set(key, [...(groups.get(key) ?? []), path])
  }
  for (const group of groups.values()) {
    if (group.length < 2) continue
    group.sort()
    for (const path of group) {
      const entry = entries.get(path)
      if (entry !== undefined) entry.hardlinks = group
    }
  }
  return entries
}

/** Reads the root and every mount separately; the mounts are mounted elsewhere in another container. */
async function snapshotInParts(container: string, mounts: readonly Mount[]): Promise<Snapshot> {
  const snapshot = finish(await readArchive(dockerStream(['export', container])), () => '/')
  snapshot.delete('/')
  const targets = mounts.flatMap((mount, index) => [
    '--mount',
    `type=${mount.Type},source=${mount.Type === 'volume' ? (mount.Name ?? '') : mount.Source},target=/mount${index}`,
  ])
  await withContainer([...targets, baseImage], async (own) => {
    for (const [index, {Destination}] of mounts.entries()) {
      const point = resolved(pathKey(Destination), snapshot)
      const place = (path: string) => path.replace(`/mount${index}`, point)
      for (const path of snapshot.keys()) if (path === point || path.startsWith(`${point}/`)) snapshot.delete(path)
      const archive = await readArchive(dockerStream(['cp', `${own}:/mount${index}`, '-']))
      for (const [path, entry] of finish(archive, () => '/'))
        snapshot.set(place(path), {...entry, hardlinks: entry.hardlinks.map(place)})
    }
  })
  return snapshot
}

/**
 * Everything in a container in any state, including its mounts. Hashes contents while they are read.
 *
 * Leaves out what the engine creates (/etc/hosts, /etc/hostname, /etc/resolv.conf, /etc/mtab -> /proc/mounts,
 * /.dockerenv, and everything below /dev, /proc and /sys).
 */
export async function snapshotContainer(container: string): Promise<Snapshot> {
  const mounts = await mountsOf(container)
  let archive: Archive
  try {
    archive = await readArchive(dockerStream(['cp', `${container}:/`, '-']))
  } catch (error) {
    const isRefused = error instanceof DockerError && error.stderr.includes('path escapes from parent')
    if (!isRefused) throw error
    return snapshotInParts(container, mounts)
  }
  const points = mounts.map((mount) => resolved(pathKey(mount.Destination), archive.entries))
  for (const point of points)
    if (!archive.entries.has(point)) throw new Error(`the archive of ${container} lacks its mount at ${point}`)
  const mountOf = (path: string) => points.findLast((point) => path === point || path.startsWith(`${point}/`)) ?? '/'
  // The engine finds links by inode number alone, without the device: between two mounts that is a coincidence, and
  // contents and attributes are those of another file (seen with two tmpfs volumes on 20.10.24 and 28.5.2).
  for (const [path, first] of archive.links)
    if (mountOf(path) !== mountOf(first)) archive.entries.set(path, await readAlone(container, path))
  return finish(archive, mountOf)
}

/** A container that is never started (its command is for images without one), removed with its anonymous volumes. */
async function withContainer<T>(
  createArguments: readonly string[],
  use: (container: string) => Promise<T>,
): Promise<T> {
  const label = `${testLabel}=${uniqueName('snapshot')}`
  const container = await docker([
    ...['create', '--pull', 'never', '--label', label],
    ...[...createArguments, '/never-started'],
  ])
  try {
    return await use(container)
  } finally {
    await docker(['rm', '--force', '--volumes', container])
  }
}

/**
 * The contents of a reviewer's container of this image before its first process runs, including anonymous volumes
 * filled from it.
 */
export async function snapshotImage(reference: string): Promise<Snapshot> {
  return withContainer([reference], snapshotContainer)
}

/** The image's own file system, without volumes. The engine's export lacks the root directory itself. */
export async function snapshotImageFiles(reference: string): Promise<Snapshot> {
  return withContainer([reference], async (container) => {
    const snapshot = finish(await readArchive(dockerStream(['export', container])), () => '/')
    snapshot.delete('/')
    return snapshot
  })
}
