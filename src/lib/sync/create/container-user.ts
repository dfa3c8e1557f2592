import type {ContainerDetails} from '../../engine/types.js'
import type {ContainerFiles} from './container-files.js'

/** A user inside a container, as the engine runs programs there. */
export interface ContainerUser {
  readonly uid: number
  readonly gid: number
  /** All groups, the first one included. */
  readonly groups: readonly number[]
  /** Undefined for a user who is not in /etc/passwd. */
  readonly name: string | undefined
  readonly home: string
}

/** The users and groups in a container's own files. */
export interface UserDatabase {
  readonly users: readonly {readonly name: string; readonly uid: number; readonly gid: number; readonly home: string}[]
  readonly groups: readonly {readonly name: string; readonly gid: number; readonly members: readonly string[]}[]
}

/** Reads /etc/passwd and /etc/group of a container, if they exist. */
export async function readUserDatabase(files: ContainerFiles): Promise<UserDatabase> {
  const [users, groups] = await Promise.all([files.text('/etc/passwd'), files.text('/etc/group')])
  return {
    users: records(users).flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
      isId(uid) && isId(gid) ? [{name, uid: Number(uid), gid: Number(gid), home}] : [],
    ),
    groups: records(groups).flatMap(([name = '', , gid = '', members = '']) =>
      isId(gid) ? [{name, gid: Number(gid), members: members.split(',')}] : [],
    ),
  }
}

/**
 * The user of `docker exec` in a container, and so of Mutagen's agent: the container's user, by the rules of
 * github.com/moby/sys/user, GetExecUser.
 */
export function execUser({Config, HostConfig}: ContainerDetails, database: UserDatabase): ContainerUser {
  const [userPart = '', groupPart = ''] = (Config.User ?? '').split(':')
  const known = database.users.find(({name, uid}) =>
    userPart === '' ? uid === 0 : name === userPart || (isId(userPart) && uid === Number(userPart)),
  )
  const uid = known?.uid ?? (isId(userPart) ? Number(userPart) : 0)
  const gid = groupPart === '' ? (known?.gid ?? 0) : (groupId(groupPart, database) ?? 0)
  // A given group replaces the user's group memberships.
  const member = groupPart === '' && known !== undefined ? known.name : undefined
  const memberships = database.groups.filter(({members}) => member !== undefined && members.includes(member))
  const added = (HostConfig.GroupAdd ?? []).map((group) => groupId(group, database))
  const groups = [gid, ...memberships.map((group) => group.gid), ...added].filter((id) => id !== undefined)
  const home = (Config.Env ?? []).find((variable) => variable.startsWith('HOME='))?.slice('HOME='.length)
  return {uid, gid, groups: [...new Set(groups)], name: known?.name, home: home || known?.home || '/'}
}

/** @param text a name, a number, or `id:` and a number; undefined if the container has no such user */
export function userId(text: string, {users}: UserDatabase): number | undefined {
  const id = text.replace(/^id:/, '')
  return users.find(({name}) => name === text)?.uid ?? (isId(id) ? Number(id) : undefined)
}

/** @param text a name, a number, or `id:` and a number; undefined if the container has no such group */
export function groupId(text: string, {groups}: UserDatabase): number | undefined {
  const id = text.replace(/^id:/, '')
  return groups.find(({name}) => name === text)?.gid ?? (isId(id) ? Number(id) : undefined)
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text)
}

function records(text = ''): string[][] {
  return text.split('\n').flatMap((line) => (line.includes(':') ? [line.trimEnd().split(':')] : []))
}
