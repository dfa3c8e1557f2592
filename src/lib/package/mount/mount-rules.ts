import {posix} from 'node:path'
import {isWithin} from '../../tar/path.js'

/** The facts that decide whether a mount goes into a package. */
export interface MountFacts {
  readonly type: string
  /** Path on the engine's machine, for binds. */
  readonly source: string
  readonly destination: string
  readonly kind: 'directory' | 'file' | 'socket' | 'device'
  /** Whether the container's compose file calls it a secret. */
  readonly isSecret?: boolean
}

/** The machine and the project of a mount. */
export interface MountSurroundings {
  /** The folder of the tap or project, whose own files are what a package is for. */
  readonly folder: string | undefined
  /** The home folder of the user who runs keg. */
  readonly home: string | undefined
}

/** Why a mount is left out by default, and whether the user can include it. */
export interface Exclusion {
  readonly reason: string
  readonly canBeIncluded: boolean
  /** Whether it is left out as a secret: including it by name also allows its content. */
  readonly isSecret?: true
}

/**
 * Where secrets are mounted by convention: compose, swarm, BuildKit and podman (`/run/secrets`), Kubernetes
 * (`/var/run/secrets`), Vault's agent injector and the Secrets Store CSI driver.
 */
const SECRET_PLACES = ['/run/secrets', '/var/run/secrets', '/vault/secrets', '/mnt/secrets-store']

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

/** Folders below the system's own where people do keep projects. */
const WORK_FOLDERS = ['/usr/src', '/usr/local/src', '/var/www', '/var/tmp', '/var/folders', '/private/var/folders']

/** Folders that everybody uses; what is below them is judged by itself. */
const SHARED_FOLDERS = ['/home', '/media', '/mnt', '/private', '/tmp', '/Users', '/Volumes']

const CREDENTIALS =
  /^(?:\.ssh|\.aws|\.azure|\.gcloud|\.gnupg|\.kube|\.docker|[._]netrc|\.npmrc|\.pypirc|\.pgpass|\.git-credentials|\.vault-token|\.htpasswd|\.env(?:\..+)?|id_(?:rsa|dsa|ecdsa|ed25519)(?:\.pub)?|(?:credential|secret|token|password)s?(?:\..+)?|.+\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$/i

/**
 * Decides whether a mount is left out of a package by default: because it has no contents, belongs to the machine or the user
 * rather than to the project, or is a secret, wherever it is. Volumes belong to the project.
 * @returns the reason, or undefined if the mount is included.
 */
export function exclusionOf(mount: MountFacts, {folder, home}: MountSurroundings): Exclusion | undefined {
  if (mount.type === 'tmpfs') return never('memory of the running container (tmpfs), which engines do not export')
  if (mount.kind === 'socket') return never('a socket: it has no contents')
  if (mount.kind === 'device') return never('a device: it has no contents')
  if (mount.type === 'npipe') return never('a named pipe: it has no contents')
  if (mount.isSecret === true || isSecretPlace(mount.destination)) return secret('a secret')
  if (mount.type === 'volume') return undefined
  if (mount.type !== 'bind') return never(`a mount of type ${mount.type}, which keg cannot read`)

  const source = hostPath(mount.source)
  if (source === '/' || WHOLE_DRIVE.test(mount.source)) return excludedByDefault('the whole file system of the host')
  const homeOf = homeFolder(source, home)
  if (homeOf === source) return excludedByDefault('a home folder')
  if (folder !== undefined && isWithin(source, hostPath(folder)) && !isTooWide(hostPath(folder), homeOf))
    return undefined
  if (source.split('/').some((name) => CREDENTIALS.test(name)))
    return secret('named like credentials, and outside the project folder')
  if (homeOf !== undefined && source.startsWith(`${homeOf}/.`))
    return excludedByDefault('a dot folder or file of a home folder')
  if (SHARED_FOLDERS.includes(source.replace(DRIVE, ''))) return excludedByDefault('a system folder')
  if (home !== undefined && isWithin(hostPath(home), source))
    return excludedByDefault('a folder with a home folder in it')
  const isSystem = SYSTEM_FOLDERS.some((system) => isWithin(source, system)) || WINDOWS_FOLDERS.test(source)
  if (isSystem && !WORK_FOLDERS.some((work) => isWithin(source, work))) return excludedByDefault('a system folder')
  return undefined
}

/** Whether secrets are mounted at a container's path by convention. */
export function isSecretPlace(path: string): boolean {
  return SECRET_PLACES.some((place) => isWithin(path, place))
}

/** A "project" that is the machine's root, or contains the home folder, makes nothing the project's own. */
function isTooWide(folder: string, home: string | undefined): boolean {
  return folder === '/' || (home !== undefined && isWithin(home, folder))
}

/** Where Docker Desktop mounts the host's disks. */
const DESKTOP_MOUNTS = /^\/(?:host_mnt|run\/desktop\/mnt\/host)(?=\/|$)/

/** Windows disks. On Linux, a folder `/c` is just a folder. */
const WHOLE_DRIVE = /^(?:[A-Za-z]:|\/(?:host_mnt|run\/desktop\/mnt\/host|mnt)\/[a-z])[\\/]*$/

/** The start of a path on a Windows disk, as Docker Desktop and WSL write it. */
const DRIVE = /^(?:\/mnt)?\/[a-z](?=\/|$)/

const WINDOWS_FOLDERS = /^(?:\/mnt)?\/[a-z]\/(?:Windows|Program Files(?: \(x86\))?|ProgramData)(?=\/|$)/i

/** A host path in one form, the host's own: `C:\work` and Docker Desktop's mount point for it are both `/c/work`. */
export function hostPath(source: string): string {
  const withSlashes = source
    .replaceAll('\\', '/')
    .replace(/^([A-Za-z]):(?=\/|$)/, (_, drive: string) => `/${drive.toLowerCase()}`)
  const path = posix.normalize(withSlashes.replace(DESKTOP_MOUNTS, '') || '/')
  return path.length > 1 ? path.replace(/\/$/, '') : path
}

/** The home folder that `path` is, or is in. */
function homeFolder(path: string, home: string | undefined): string | undefined {
  const own = home === undefined ? '/' : hostPath(home)
  if (own !== '/' && isWithin(path, own)) return own
  return /^(?:\/root|\/var\/root|(?:(?:\/mnt)?\/[a-z])?\/(?:home|Users)\/[^/]+)(?=\/|$)/.exec(path)?.[0]
}

function never(reason: string): Exclusion {
  return {reason, canBeIncluded: false}
}

function secret(reason: string): Exclusion {
  return {...excludedByDefault(reason), isSecret: true}
}

function excludedByDefault(reason: string): Exclusion {
  return {reason, canBeIncluded: true}
}
