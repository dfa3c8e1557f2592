import type {EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {FailedError, UsageError} from '../../error/keg-error.js'
import type {TarHeader} from '../../tar/tar-header.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {ContainerFiles} from './container-files.js'
import {groupId, userId, type ContainerUser, type UserDatabase} from './container-user.js'
import type {SyncPermissions} from '../../mutagen/mutagen.js'
import {notAFolder} from './remote-path.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** The user's options for owners and modes in the container; undefined leaves it to keg. */
export interface PermissionOptions {
  /** A name, a number, or `id:` and a number. */
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Octal digits. */
  readonly fileMode: string | undefined
  readonly directoryMode: string | undefined
}

/** The synced folder in a container before the sync. */
export interface RemoteRoot {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

export interface FindRootOptions {
  readonly container: ContainerDetails
  readonly image: ImageDetails
  readonly files: ContainerFiles
  /** Without a symlink at its end. */
  readonly path: string
}

type FindRootWork = Pick<EngineWork, 'engine' | 'run' | 'signal'>

/**
 * Owner and mode of the folder in the container, as seen inside; undefined if it does not exist. With user remapping, an
 * engine's archives have the owners of its machine, except for a container with `--userns=host`; a rootless engine has those
 * of its containers.
 * @throws UsageError `remote-invalid`, RefusedError `owner-unmapped`
 */
export async function findRemoteRoot(
  work: FindRootWork,
  {container, files, image, path}: FindRootOptions,
): Promise<RemoteRoot | undefined> {
  const header = await files.header(path)
  if (header === undefined) return undefined
  if (header.type !== 'directory') throw notAFolder(path, container)
  const isShifted = work.engine.remapsUsers && container.HostConfig.UsernsMode !== 'host'
  return isShifted ? ownedInside(work, header, image) : header
}

async function ownedInside(work: FindRootWork, header: TarHeader, image: ImageDetails): Promise<TarHeader> {
  const {IdMap} = await import('../../container/helper/id-map.js')
  const owners = await IdMap.of(work, {like: image})
  return owners.owned(header)
}

export interface PermissionFacts {
  readonly container: ContainerDetails
  /** The user of Mutagen's agent. */
  readonly user: ContainerUser
  readonly database: UserDatabase
  readonly path: string
  /** Undefined if it will be created. */
  readonly root: RemoteRoot | undefined
}

/**
 * Owner, group and modes of what the sync creates in the container: the requested ones, or those of the folder, or those of
 * the container's user. Undefined if the agent's user gives them anyway.
 * @throws UsageError `mode-invalid`, `owner-unknown`; FailedError `sync-owner-denied`, `sync-remote-unwritable`
 */
export function remotePermissions(facts: PermissionFacts, requested: PermissionOptions): SyncPermissions {
  const {database, root, user} = facts
  const owner =
    requested.owner === undefined ? undefined : known(userId(requested.owner, database), 'owner', requested.owner)
  const group =
    requested.group === undefined ? undefined : known(groupId(requested.group, database), 'group', requested.group)
  if (user.uid !== 0) {
    if (owner !== undefined && owner !== user.uid) throw denied(facts, '--owner')
    if (group !== undefined && !user.groups.includes(group)) throw denied(facts, '--group')
    if (root !== undefined && !mayWrite(user, root)) throw unwritable(facts)
  }
  const uid = owner ?? (user.uid === 0 ? root?.uid : undefined) ?? user.uid
  const gid = group ?? (root !== undefined && mayGive(user, root.gid) ? root.gid : user.gid)
  // With a shared group, each member should be able to write the others' files.
  const usual = group !== undefined ? 0o775 : root === undefined ? 0o755 : root.mode & 0o777
  return {
    owner: uid === user.uid ? undefined : `id:${uid}`,
    group: gid === user.gid ? undefined : `id:${gid}`,
    // The agent itself needs these.
    directoryMode: readMode(requested.directoryMode, '--directory-mode', 0o777) ?? usual | 0o700,
    fileMode: readMode(requested.fileMode, '--file-mode', 0o666) ?? (usual & 0o666) | 0o600,
  }
}

function mayGive(user: ContainerUser, gid: number): boolean {
  return user.uid === 0 || user.groups.includes(gid)
}

function mayWrite(user: ContainerUser, {gid, mode, uid}: RemoteRoot): boolean {
  const bits = uid === user.uid ? mode >> 6 : user.groups.includes(gid) ? mode >> 3 : mode
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
  throw new UsageError(`${flag} ${printable(text)} is not a mode for ${allowed === 0o666 ? 'files' : 'folders'}.`, {
    code: 'mode-invalid',
    hint:
      allowed === 0o666
        ? 'Write it as 0644. Whether a file is executable is synced, and not set here.'
        : 'Write it as 0755.',
  })
}

function denied({container, user}: PermissionFacts, flag: string): FailedError {
  return new FailedError(
    `${userText(user)} in ${shownName(container)}, and cannot change the owner of files to that of ${flag}: only root can.`,
    {
      code: 'sync-owner-denied',
      hint: `Leave ${flag} out (of a tap: permissions in mutagen.yml), or start the container with --user root.`,
    },
  )
}

function unwritable({container, path, user}: PermissionFacts): FailedError {
  const name = nameOf(container)
  const chown = commandLine`docker exec --user 0 ${name} chown -R ${`${user.uid}:${user.gid}`} ${path}`
  return new FailedError(`${userText(user)} in ${printable(name)}, and cannot write to ${printable(path)}.`, {
    code: 'sync-remote-unwritable',
    hint: `Give it to that user (${chown}), or choose another folder with --remote.`,
  })
}

function userText({name, uid}: ContainerUser): string {
  return `The sync works as ${name === undefined ? `user ${uid}` : printable(name)}`
}
