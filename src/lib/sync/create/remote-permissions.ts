import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {FailedError, UsageError} from '../../error/keg-error.js'
import type {TarHeader} from '../../tar/tar-header.js'
import {nameOf} from '../../target/find-target.js'
import {printable, shellLine} from '../../terminal/text.js'
import type {ContainerFiles} from './container-files.js'
import {groupId, userId, type ContainerUser, type UserDatabase} from './container-user.js'
import type {SyncPermissions} from '../mutagen.js'
import {noFolder} from './remote-path.js'

/** What the user wants of owners and modes in the container; undefined leaves it to keg. */
export interface PermissionWishes {
  /** A name, a number, or `id:` and a number. */
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Octal digits. */
  readonly fileMode: string | undefined
  readonly directoryMode: string | undefined
}

/** The folder in a container that is synced, as it is before. */
export interface RemoteRoot {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

export interface FindRootOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  readonly image: ImageDetails
  readonly files: ContainerFiles
  /** Without a symlink at its end. */
  readonly path: string
  readonly run: string
  readonly signal: AbortSignal
}

/**
 * Owner and mode of the folder in the container, as seen inside; undefined when it is not there. Archives of an engine that
 * remaps users name those of its machine, but for a container with `--userns=host`; a rootless engine sees what its containers
 * see.
 * @throws UsageError `remote-invalid`, RefusedError `owner-unmapped`
 */
export async function findRemoteRoot(options: FindRootOptions): Promise<RemoteRoot | undefined> {
  const {container, engine, files, path} = options
  const header = await files.header(path)
  if (header === undefined) return undefined
  if (header.type !== 'directory') throw noFolder(path, container)
  const isShifted = engine.remapsUsers && container.HostConfig.UsernsMode !== 'host'
  return isShifted ? ownedInside(header, options) : header
}

async function ownedInside(header: TarHeader, {engine, image, run, signal}: FindRootOptions): Promise<TarHeader> {
  const {OwnerMap} = await import('../../package/capture/owner-map.js')
  const owners = await OwnerMap.of({engine, like: image, run, signal})
  return owners.owned(header)
}

export interface PermissionFacts {
  readonly container: ContainerDetails
  /** Whom Mutagen's agent runs as. */
  readonly user: ContainerUser
  readonly database: UserDatabase
  readonly path: string
  /** Undefined where it is going to be made. */
  readonly root: RemoteRoot | undefined
}

/**
 * Owner, group and modes of what the sync makes in the container: as wished, else those of the folder itself, else those of the
 * container's user. What comes of itself, because the agent's user makes it, is left undefined.
 * @throws UsageError `mode-invalid`, `owner-unknown`; FailedError `sync-owner-denied`, `sync-remote-unwritable`
 */
export function remotePermissions(facts: PermissionFacts, wishes: PermissionWishes): SyncPermissions {
  const {database, root, user} = facts
  const owner = wishes.owner === undefined ? undefined : known(userId(wishes.owner, database), 'owner', wishes.owner)
  const group = wishes.group === undefined ? undefined : known(groupId(wishes.group, database), 'group', wishes.group)
  if (user.uid !== 0) {
    if (owner !== undefined && owner !== user.uid) throw denied(facts, '--owner')
    if (group !== undefined && !user.groups.has(group)) throw denied(facts, '--group')
    if (root !== undefined && !mayWrite(user, root)) throw unwritable(facts)
  }
  const uid = owner ?? (user.uid === 0 ? root?.uid : undefined) ?? user.uid
  const gid = group ?? (root !== undefined && mayGive(user, root.gid) ? root.gid : user.gid)
  // Who shares a group means to write what the others made.
  const usual = group !== undefined ? 0o775 : root === undefined ? 0o755 : root.mode & 0o777
  return {
    owner: uid === user.uid ? undefined : `id:${uid}`,
    group: gid === user.gid ? undefined : `id:${gid}`,
    // Without these the agent itself could not go on.
    directoryMode: readMode(wishes.directoryMode, '--directory-mode', 0o777) ?? usual | 0o700,
    fileMode: readMode(wishes.fileMode, '--file-mode', 0o666) ?? (usual & 0o666) | 0o600,
  }
}

function mayGive(user: ContainerUser, gid: number): boolean {
  return user.uid === 0 || user.groups.has(gid)
}

function mayWrite(user: ContainerUser, {gid, mode, uid}: RemoteRoot): boolean {
  const bits = uid === user.uid ? mode >> 6 : user.groups.has(gid) ? mode >> 3 : mode
  return (bits & 0o7) === 0o7
}

function known(id: number | undefined, what: 'owner' | 'group', text: string): number {
  if (id !== undefined) return id
  throw new UsageError(`The container has no ${what === 'owner' ? 'user' : 'group'} ${printable(text)}.`, {
    code: 'owner-unknown',
    hint: `Give --${what} (of a tap: permissions in mutagen.yml) a name that its ${what === 'owner' ? '/etc/passwd' : '/etc/group'} has, or a number.`,
  })
}

function readMode(text: string | undefined, flag: string, allowed: number): number | undefined {
  if (text === undefined) return undefined
  const mode = /^0?o?[0-7]{3}$/.test(text) ? parseInt(text.slice(-3), 8) : undefined
  if (mode !== undefined && mode !== 0 && (mode & ~allowed) === 0) return mode
  throw new UsageError(`${flag} ${printable(text)} is no mode for ${allowed === 0o666 ? 'files' : 'folders'}.`, {
    code: 'mode-invalid',
    hint:
      allowed === 0o666
        ? 'Write it as 0644. Whether a file can be executed is synced with it, and not said here.'
        : 'Write it as 0755.',
  })
}

function denied({container, user}: PermissionFacts, flag: string): FailedError {
  return new FailedError(
    `${whoRuns(user)} in ${printable(nameOf(container))}, and cannot give files to whom ${flag} names: only root can.`,
    {
      code: 'sync-owner-denied',
      hint: `Leave ${flag} out (of a tap: permissions in mutagen.yml), or start the container with --user root.`,
    },
  )
}

function unwritable({container, path, user}: PermissionFacts): FailedError {
  const name = nameOf(container)
  const chown = shellLine(['docker', 'exec', '--user', '0', name, 'chown', '-R', `${user.uid}:${user.gid}`, path])
  return new FailedError(`${whoRuns(user)} in ${printable(name)}, and may not write ${printable(path)}.`, {
    code: 'sync-remote-unwritable',
    hint: `Give it to that user (${printable(chown)}), or name another folder with --remote.`,
  })
}

function whoRuns({name, uid}: ContainerUser): string {
  return `The sync works as ${name === undefined ? `user ${uid}` : printable(name)}`
}
