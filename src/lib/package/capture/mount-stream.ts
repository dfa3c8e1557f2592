import {TarWalk} from '../../tar/tar-walk.js'
import {explainedFailure, walking, type ReadMountOptions} from './record-mount.js'

/** The content of a mount while its container is paused. */
export interface Recording extends AsyncDisposable {
  /** The engine's archive, from its beginning with each call. */
  readonly read: () => AsyncIterable<Buffer>
  /** Bytes that are kept of it. */
  readonly size: number
}

/**
 * A mount that is read from the engine each time, while its container stays paused.
 * @throws when it is read: what recordMount throws
 */
export function streamedMount({destination, read}: ReadMountOptions): Recording {
  const archive = async function* (): AsyncGenerator<Buffer> {
    const walk = new TarWalk()
    let failure: unknown
    yield* walking(read(), walk, (error) => (failure = error))
    if (failure !== undefined || !walk.isWhole) throw explainedFailure(destination, walk, failure)
  }
  return {read: archive, size: 0, [Symbol.asyncDispose]: () => Promise.resolve()}
}
