import {posix} from 'node:path'
import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {below} from './local-folder.js'

export interface RemotePathOptions {
  /** `--remote`. */
  readonly given: string | undefined
  readonly container: ContainerDetails
  readonly questions: Questions
}

/**
 * The folder in the container to sync: the one that is named, else where its programs work, else the one that is asked for.
 * @throws UsageError `remote-invalid`, `input-missing`
 */
export async function findRemotePath({container, given, questions}: RemotePathOptions): Promise<string> {
  if (given !== undefined) return checkRemotePath(given)
  const worksIn = container.Config.WorkingDir ?? ''
  if (worksIn !== '' && remoteProblem(posix.normalize(worksIn)) === undefined) return checkRemotePath(worksIn)
  const validate = (answer: string): true | string => remoteProblem(posix.normalize(answer)) ?? true
  const answer = await questions.text(`Folder in ${nameOf(container)} to sync with`, {flag: '--remote', validate})
  return checkRemotePath(answer)
}

/** @returns the path without what does not count in it. @throws UsageError `remote-invalid` */
export function checkRemotePath(path: string): string {
  const clean = posix.normalize(path).replace(/(?<=.)\/+$/, '')
  const problem = remoteProblem(clean)
  if (problem === undefined) return clean
  throw new UsageError(`${path === '' ? 'An empty path' : printable(path)} cannot be synced: ${problem}.`, {
    code: 'remote-invalid',
    hint: 'Name the folder in the container with --remote, such as /app.',
  })
}

/** The error for a path of the container that is something else than a folder. */
export function noFolder(path: string, container: ContainerDetails): UsageError {
  return new UsageError(`${printable(path)} is no folder in ${printable(nameOf(container))}, and a sync needs one.`, {
    code: 'remote-invalid',
    hint: 'Name another folder with --remote.',
  })
}

/**
 * A folder that is mounted from the very folder of this machine is the same already: what one side gets would come back from the
 * other.
 * @throws UsageError `sync-itself`
 */
export function refuseItself(engine: Engine, container: ContainerDetails, local: string, remote: string): void {
  // The folders of an engine elsewhere are not those of this machine.
  if (engine.endpoint.kind !== 'socket') return
  const same = container.Mounts.filter(({Type}) => Type === 'bind').find(({Destination, Source}) => {
    const inside = below(Destination, remote)
    const place = inside === undefined ? undefined : posix.join(Source, inside)
    return place !== undefined && (below(place, local) !== undefined || below(local, place) !== undefined)
  })
  if (same === undefined) return
  throw new UsageError(
    `${printable(local)} is mounted at ${printable(same.Destination)} in ${printable(nameOf(container))}: both are the same files already.`,
    {
      code: 'sync-itself',
      hint: 'Start the container without that mount, or sync another folder: --local, --remote.',
      data: {source: same.Source, destination: same.Destination},
    },
  )
}

/** Nothing below these belongs to an app. */
const CLOSED = ['/bin', '/boot', '/dev', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/sbin', '/sys']
/** These are a system's; folders below them may be an app's. */
const SYSTEM = ['/', '/etc', '/home', '/run', '/tmp', '/usr', '/var']
const SYSTEM_PROGRAMS = ['bin', 'include', 'lib', 'lib32', 'lib64', 'libexec', 'local', 'sbin', 'share']

function remoteProblem(path: string): string | undefined {
  const clean = path.replace(/(?<=.)\/+$/, '')
  if (!clean.startsWith('/')) return 'it has to begin with a slash'
  if (/[\u0000-\u001f\u007f]/.test(clean)) return 'it has a control character in it'
  // As Mutagen reads docker:// addresses (mutagen 0.18, pkg/url/parse_docker.go).
  if (clean.startsWith('/~')) return 'Mutagen takes it for a home folder'
  if (/^\/[A-Za-z]:(?:[\\/]|$)/.test(clean)) return 'Mutagen takes it for a folder of Windows'
  const isOfSystem =
    CLOSED.some((folder) => below(folder, clean) !== undefined) ||
    [...SYSTEM, ...SYSTEM_PROGRAMS.map((name) => `/usr/${name}`)].includes(clean)
  return isOfSystem ? 'it belongs to the system in the container' : undefined
}
