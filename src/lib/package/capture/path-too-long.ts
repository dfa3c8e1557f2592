import {EngineError} from '../../engine/engine-error.js'
import {FailedError} from '../../error/keg-error.js'
import {shortPath} from '../../tar/shown-path.js'
import {textToBytes} from '../../tar/tar-header.js'

/** Linux's limit for paths (PATH_MAX, without the NUL at the end). */
export const MAX_PATH_LENGTH = 4095

/** Where the engine keeps or mounts the files of a container: classic stores (overlay2), containerd stores. */
const PLACE_OF_ENGINE =
  /^.*?\/(?:overlay2\/[^/]+\/(?:diff|merged)|rootfs\/[^/]+\/[0-9a-f]{64}|containerd-mount\d+|snapshots\/\d+\/fs)(?=\/)/

/**
 * The error for an engine that cannot read a container because a path in it is too long with the engine's own folder in front of
 * it; any other error is returned unchanged.
 */
export function pathTooLongOr(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error
  const path = /(\/[^:]*): file name too long/.exec(error.response)?.[1]
  if (path === undefined) return error
  return pathTooLong(textToBytes(path.replace(PLACE_OF_ENGINE, '').slice(1)), error)
}

/** The error for a path that engines cannot keep. @param path byte string without a leading slash */
export function pathTooLong(path: string, cause?: unknown): FailedError {
  return new FailedError(
    `The path ${shortPath(path)} is too long for the engine, which puts a folder of its own before it: together they may have ${MAX_PATH_LENGTH.toLocaleString('en-US')} bytes.`,
    {
      code: 'path-too-long',
      hint: 'Give its folders shorter names, or remove it, and package again.',
      cause,
    },
  )
}
