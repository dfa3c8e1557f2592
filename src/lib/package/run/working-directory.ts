import {posix} from 'node:path'
import {entryIn, resolveDirectory, type FoundEntry} from '../../container/resolve-directory.js'
import {isOlder, parseVersion} from '../../process/version.js'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ImageDetails} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/**
 * CVE-2024-21626 uses a working directory under /proc to reach the host through a file descriptor that runc left open.
 * @throws RefusedError `working-directory-refused`.
 */
export function checkWorkingDirectory({Config}: Pick<ImageDetails, 'Config'>): void {
  const directory = Config?.WorkingDir ?? ''
  if (leadsOut(posix.resolve('/', directory))) throw refused(directory)
}

/**
 * The same, but follows the symlinks of a container that was created and not started: an image's own may lead there.
 * @throws RefusedError `working-directory-refused`.
 */
export async function checkResolvedDirectory(engine: Engine, container: string, directory: string): Promise<void> {
  if (posix.resolve('/', directory) === '/') return
  // When the container starts, its mounts hide what the image has there.
  const look = async (path: string): Promise<FoundEntry> =>
    isMountedAtStart(path) ? {kind: 'directory'} : await entryIn(engine, container, path)
  const onStep = (path: string): void => {
    if (leadsOut(path)) throw refused(directory)
  }
  try {
    await resolveDirectory(directory, look, onStep)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    // Engine 28 reads nothing from a container with a mount behind an absolute symlink; its runc leaves no file open.
    if (leavesFilesOpen(engine)) throw refused(directory)
  }
}

/** Whether the engine's runc is older than the fix of CVE-2024-21626; distributions have fixed older versions of theirs. */
function leavesFilesOpen({facts}: Engine): boolean {
  const runc = facts.version.Components?.find(({Name}) => Name === 'runc')?.Version ?? ''
  return isOlder(runc, '1.1.12') && parseVersion(runc)?.isOfDistribution !== true
}

/** Matches file descriptors of a process, and everything else in /proc. */
function leadsOut(path: string): boolean {
  return /^\/+(?:proc|dev\/fd|dev\/std(?:in|out|err))(?:\/|$)/.test(path)
}

function isMountedAtStart(path: string): boolean {
  return /^\/(?:dev|sys)(?:\/|$)/.test(path)
}

function refused(directory: string): RefusedError {
  return new RefusedError(
    `The working directory of the image, ${printable(directory)}, can lead out of the container.`,
    {
      code: 'working-directory-refused',
      hint: 'No honest image has that (CVE-2024-21626): ask its author.',
    },
  )
}
