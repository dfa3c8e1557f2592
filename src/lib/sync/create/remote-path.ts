import {posix} from 'node:path'
import type {Prompt} from '../../terminal/prompt.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {nameOf, shownName} from '../../container/container-name.js'
import {below} from '../../tar/path.js'

export interface RemotePathOptions {
  /** `--remote`. */
  readonly given: string | undefined
  readonly container: ContainerDetails
}

/**
 * The folder in the container to sync: the given one, or the container's working directory, or the answer to a question.
 * @throws UsageError `remote-invalid`, `input-missing`
 */
export async function findRemotePath(prompt: Prompt, {container, given}: RemotePathOptions): Promise<string> {
  if (given !== undefined) return checkRemotePath(given)
  const workingDirectory = container.Config.WorkingDir ?? ''
  if (workingDirectory !== '' && remoteProblem(posix.normalize(workingDirectory)) === undefined)
    return checkRemotePath(workingDirectory)
  const validate = (answer: string): true | string => remoteProblem(posix.normalize(answer)) ?? true
  const answer = await prompt.text(`Folder in ${nameOf(container)} to sync with`, {flag: '--remote', validate})
  return checkRemotePath(answer)
}

/** @returns the normalized path. @throws UsageError `remote-invalid` */
export function checkRemotePath(path: string): string {
  const clean = posix.normalize(path).replace(/(?<=.)\/+$/, '')
  const problem = remoteProblem(clean)
  if (problem === undefined) return clean
  throw new UsageError(`${path === '' ? 'An empty path' : printable(path)} cannot be synced: ${problem}.`, {
    code: 'remote-invalid',
    hint: 'Set the folder in the container with --remote, such as /app.',
  })
}

/** The error for a path in the container that is not a folder. */
export function notAFolder(path: string, container: ContainerDetails): UsageError {
  return new UsageError(`${printable(path)} is not a folder in ${shownName(container)}, and a sync needs one.`, {
    code: 'remote-invalid',
    hint: 'Choose another folder with --remote.',
  })
}

/**
 * Refuses a folder that is mounted from the same folder of this machine: each change would come back from the other side.
 * @throws UsageError `sync-itself`
 */
export function refuseItself(engine: Engine, container: ContainerDetails, local: string, remote: string): void {
  // A remote engine's folders are not those of this machine.
  if (engine.endpoint.kind !== 'socket') return
  const same = container.Mounts.filter(({Type}) => Type === 'bind').find(({Destination, Source}) => {
    const inside = below(Destination, remote)
    const place = inside === undefined ? undefined : posix.join(Source, inside)
    return place !== undefined && (below(place, local) !== undefined || below(local, place) !== undefined)
  })
  if (same === undefined) return
  throw new UsageError(
    `${printable(local)} is mounted at ${printable(same.Destination)} in ${shownName(container)}: both are the same files already.`,
    {
      code: 'sync-itself',
      hint: 'Start the container without that mount, or sync another folder: --local, --remote.',
      data: {source: same.Source, destination: same.Destination},
    },
  )
}

/** Nothing below these belongs to an app. */
const RESERVED = ['/bin', '/boot', '/dev', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/sbin', '/sys']
/** These are the system's; folders below them can be an app's. */
const SYSTEM = ['/', '/etc', '/home', '/run', '/tmp', '/usr', '/var']
const SYSTEM_PROGRAMS = ['bin', 'include', 'lib', 'lib32', 'lib64', 'libexec', 'local', 'sbin', 'share']

function remoteProblem(path: string): string | undefined {
  const clean = path.replace(/(?<=.)\/+$/, '')
  if (!clean.startsWith('/')) return 'it must start with a slash'
  if (/[\u0000-\u001f\u007f]/.test(clean)) return 'it contains a control character'
  // Mutagen's parsing of docker:// addresses (mutagen 0.18, pkg/url/parse_docker.go).
  if (clean.startsWith('/~')) return 'Mutagen takes it for a home folder'
  if (/^\/[A-Za-z]:(?:[\\/]|$)/.test(clean)) return 'Mutagen takes it for a folder of Windows'
  const isSystemPath =
    RESERVED.some((folder) => below(folder, clean) !== undefined) ||
    [...SYSTEM, ...SYSTEM_PROGRAMS.map((name) => `/usr/${name}`)].includes(clean)
  return isSystemPath ? 'it belongs to the system in the container' : undefined
}
