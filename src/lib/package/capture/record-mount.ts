import {FailedError} from '../../error/keg-error.js'
import {shortPath} from '../../tar/shown-path.js'
import {textToBytes} from '../../tar/tar-header.js'
import {TarWalk} from '../../tar/tar-walk.js'
import {printable} from '../../terminal/text.js'
import {placed} from '../../image/layer/mount-layer.js'
import type {Spool} from '../../image/spool.js'
import {mountUnreadable} from '../../container/helper/helper-container.js'

/** A mount that is read. */
export interface ReadMountOptions {
  readonly destination: string
  /** The archive of the mount; starts over with each call. */
  readonly read: () => AsyncIterable<Buffer>
}

/** A mount, and where its archive is kept. */
export interface MountRecordingOptions extends ReadMountOptions {
  readonly spool: Spool
  /** Called with the number of bytes so far. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Records the archive of a mount, and starts over once if it ended too early: a file that others change while an engine reads it,
 * or that the engine may not read, cuts its archive off (a shortened file leaves no place for the next header; 20.10 then ends the
 * stream, 28.5 the connection).
 * @throws FailedError `mount-changed` when it ends too early again, `mount-unreadable`
 */
export async function recordMount({destination, onBytes, read, spool}: MountRecordingOptions): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    const walk = new TarWalk()
    let failure: unknown
    await spool.writeAll(
      walking(read(), walk, (error) => (failure = error)),
      onBytes,
    )
    if (failure === undefined && walk.isWhole) return
    if (!isFirst || (failure !== undefined && !isBrokenOff(failure))) throw explainedFailure(destination, walk, failure)
    await spool.clear()
  }
}

/** Why a mount could not be read to its end. @param failure what the engine said; undefined if its archive ended too early */
export function explainedFailure(destination: string, walk: TarWalk, failure: unknown): unknown {
  return failure !== undefined && !isBrokenOff(failure)
    ? mountUnreadable(destination, failure)
    : mountChanged(destination, walk.lastPath, failure)
}

function isBrokenOff(error: unknown): boolean {
  return error instanceof FailedError && error.code === 'engine-broke-off'
}

/** Passes a stream on, even if it fails in the end: what came before is written. */
export async function* walking(
  archive: AsyncIterable<Buffer>,
  walk: TarWalk,
  onFailure: (failure: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of archive) {
      walk.push(chunk)
      yield chunk
    }
  } catch (error) {
    onFailure(error)
  }
}

/** @param last path of the last file in the archive, as it is there */
function mountChanged(destination: string, last: string | undefined, cause: unknown): FailedError {
  const name = printable(destination)
  const path = last === undefined ? undefined : shortPath(placed(last, textToBytes(destination.slice(1))))
  const where = path === undefined ? '' : `, at ${path}`
  return new FailedError(
    `The mount ${name} cannot be read completely: the engine's archive of it ends too early${where}.`,
    {
      code: 'mount-changed',
      hint: `Something may write into it, on the host or in another container, or the engine cannot read that file. Stop what writes, or exclude the mount with --exclude-mount ${name}.`,
      data: {mount: destination, path: path ?? null},
      cause,
    },
  )
}
