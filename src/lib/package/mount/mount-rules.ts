import {posix} from 'node:path'

/** What is known of a mount when it is decided whether it goes into a package. */
export interface MountFacts {
  readonly type: string
  /** Path on the engine's machine, for binds. */
  readonly source: string
  readonly destination: string
  readonly kind: 'directory' | 'file' | 'socket' | 'device'
}

/** Whose machine and whose project it is. */
export interface MountSurroundings {
  /** The folder of the tap or project, whose own files are what a package is for. */
  readonly folder: string | undefined
  /** The home folder of whoever runs keg. */
  readonly home: string | undefined
}

/** Why a mount stays out unless it is asked for, and whether asking can help. */
export interface Exclusion {
  readonly reason: string
  readonly canBeIncluded: boolean
}

const SYSTEM_FOLDERS = [
  ...[
    '/bin',
    '/boot',
    '/dev',
    '/etc',
    '/lib',
    '/lib32',
    '/lib64',
    '/libx32',
    '/proc',
    '/run',
    '/sbin',
    '/sys',
    '/usr',
    '/var',
  ],
  ...['/System', '/Library', '/private/etc', '/private/var'],
]

/** Folders below those where people do keep projects. */
const WORK_FOLDERS = ['/usr/src', '/usr/local/src', '/var/www', '/var/tmp', '/var/folders', '/private/var/folders']

/** Folders that hold everybody's things; what is below them is judged by itself. */
const SHARED_FOLDERS = ['/home', '/media', '/mnt', '/private', '/tmp', '/Users', '/Volumes']

const CREDENTIALS =
  /^(?:\.ssh|\.aws|\.azure|\.gcloud|\.gnupg|\.kube|\.docker|[._]netrc|\.npmrc|\.pypirc|\.pgpass|\.git-credentials|\.vault-token|\.htpasswd|\.env(?:\..+)?|id_(?:rsa|dsa|ecdsa|ed25519)(?:\.pub)?|(?:credential|secret|token|password)s?(?:\..+)?|.+\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$/i

/**
 * Decides whether a mount stays out of a package unless it is asked for: it is no contents at all, or it is the machine's
 * or the user's own rather than the project's. Volumes are the project's.
 * @returns why, or undefined when the mount belongs in.
 */
export function exclusionOf(mount: MountFacts, {folder, home}: MountSurroundings): Exclusion | undefined {
  if (mount.type === 'tmpfs') return never('memory of the running container (tmpfs), which engines do not hand out')
  if (mount.kind === 'socket') return never('a socket: it has no contents')
  if (mount.kind === 'device') return never('a device: it has no contents')
  if (mount.type === 'npipe') return never('a named pipe: it has no contents')
  if (mount.type === 'volume') return undefined
  if (mount.type !== 'bind') return never(`a mount of type ${mount.type}, which keg cannot read`)

  const source = hostPath(mount.source)
  if (source === '/' || WHOLE_DRIVE.test(mount.source)) return unlessAsked('the whole file system of the host')
  const homeOf = homeFolder(source, home)
  if (homeOf === source) return unlessAsked('a home folder')
  if (folder !== undefined && isWithin(source, hostPath(folder)) && !holdsAll(hostPath(folder), homeOf))
    return undefined
  if (isCredential(mount, source)) return unlessAsked('named like credentials, and outside the project folder')
  if (homeOf !== undefined && source.startsWith(`${homeOf}/.`))
    return unlessAsked('a dot folder or file of a home folder')
  if (SHARED_FOLDERS.includes(source.replace(DRIVE, ''))) return unlessAsked('a system folder')
  if (home !== undefined && isWithin(hostPath(home), source)) return unlessAsked('a folder with a home folder in it')
  const isSystem = SYSTEM_FOLDERS.some((system) => isWithin(source, system)) || WINDOWS_FOLDERS.test(source)
  if (isSystem && !WORK_FOLDERS.some((work) => isWithin(source, work))) return unlessAsked('a system folder')
  return undefined
}

function isCredential(mount: MountFacts, source: string): boolean {
  return isWithin(mount.destination, '/run/secrets') || source.split('/').some((name) => CREDENTIALS.test(name))
}

/** A "project" that is the machine's root, or that the home folder lies in, makes nothing the project's own. */
function holdsAll(folder: string, home: string | undefined): boolean {
  return folder === '/' || (home !== undefined && isWithin(home, folder))
}

/** Where Docker Desktop shows the host's disks. */
const DESKTOP_MOUNTS = /^\/(?:host_mnt|run\/desktop\/mnt\/host)(?=\/|$)/

/** A folder `/c` of Linux is a folder like any other: these are disks of Windows. */
const WHOLE_DRIVE = /^(?:[A-Za-z]:|\/(?:host_mnt|run\/desktop\/mnt\/host|mnt)\/[a-z])[\\/]*$/

/** What a disk of Windows begins with, as Docker Desktop and WSL write it. */
const DRIVE = /^(?:\/mnt)?\/[a-z](?=\/|$)/

const WINDOWS_FOLDERS = /^(?:\/mnt)?\/[a-z]\/(?:Windows|Program Files(?: \(x86\))?|ProgramData)(?=\/|$)/i

/** A bind's source in one form, as the host knows it: `C:\work` and Docker Desktop's mount point of it are `/c/work`. */
function hostPath(source: string): string {
  const slashed = source
    .replaceAll('\\', '/')
    .replace(/^([A-Za-z]):(?=\/|$)/, (_, drive: string) => `/${drive.toLowerCase()}`)
  const path = posix.normalize(slashed.replace(DESKTOP_MOUNTS, '') || '/')
  return path.length > 1 ? path.replace(/\/$/, '') : path
}

/** The home folder that `path` is or lies in. */
function homeFolder(path: string, home: string | undefined): string | undefined {
  const own = home === undefined ? '/' : hostPath(home)
  if (own !== '/' && isWithin(path, own)) return own
  return /^(?:\/root|\/var\/root|(?:(?:\/mnt)?\/[a-z])?\/(?:home|Users)\/[^/]+)(?=\/|$)/.exec(path)?.[0]
}

/** Whether a path is a folder or lies in it. Both are absolute and normal. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

function never(reason: string): Exclusion {
  return {reason, canBeIncluded: false}
}

function unlessAsked(reason: string): Exclusion {
  return {reason, canBeIncluded: true}
}
