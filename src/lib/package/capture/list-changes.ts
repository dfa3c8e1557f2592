import type {Engine} from '../../engine/engine.js'
import {CHANGE} from '../../engine/types.js'
import {textToBytes} from '../../tar/tar-header.js'
import {isWhiteoutName, whiteoutName} from '../../image/whiteout.js'
import type {Change} from '../../container/container-changes.js'
import {pathTooLongOr} from './path-too-long.js'

/**
 * Lists what a container changed relative to its image.
 * @param container its id
 * @throws FailedError `path-too-long` if the engine cannot read all of it, `whiteout-name` for a file that its commit would turn
 * into a deletion
 */
export async function listChanges(engine: Engine, container: string, signal?: AbortSignal): Promise<readonly Change[]> {
  const changes = await engine.changes(container, signal).catch((error: unknown) => {
    throw pathTooLongOr(error)
  })
  for (const {Kind, Path} of changes)
    if (Kind !== CHANGE.deleted && isWhiteoutName(Path)) throw whiteoutName(textToBytes(Path.slice(1)))
  return changes
}
