import {FailedError} from '../../error/keg-error.js'
import {readTar, type TarEntry} from '../../tar/read-tar.js'
import {mountUnreadable} from '../../container/helper/helper-container.js'
import type {MountReader} from '../capture/mount-reader.js'
import {DATA_FOLDER, mayBeAgentFile, agentFilesAmong} from '../capture/agent-file-names.js'
import {bytesToText, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {placed} from '../../image/layer/mount-layer.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {MOUNT_PLACE} from './mount-place.js'
import {isWithin} from '../../tar/path.js'
import type {Work} from '../../work/work.js'

/** How much of a mount goes into the package. */
export interface MountSize {
  readonly bytes: number
  readonly entries: number
  /** False if measuring stopped early because there was already too much. */
  readonly whole: boolean
  /** Whether a sync may have created agent files in it. */
  readonly mayHaveAgentFiles: boolean
}

/** What to measure, and how far. */
export interface MeasureOptions {
  readonly mounts: readonly {readonly destination: string; readonly reader: MountReader}[]
  /** Measuring stops once all mounts together exceed this; infinite to measure everything. */
  readonly enoughBytes: number
  /** Returns a function to call with each entry of a mount. It returns the bytes that are packaged; undefined if left out. */
  readonly observe: (destination: string) => (entry: TarEntry) => Promise<number | undefined>
}

/** Measures mounts in parallel by reading them: engines report volume sizes slowly, and those of binds not at all. */
export async function measureMounts(
  {progress, signal}: Pick<Work, 'progress' | 'signal'>,
  {enoughBytes, mounts, observe}: MeasureOptions,
): Promise<MountSize[]> {
  let total = 0
  const stage = 'Measuring the mounts'
  const sizes = await allSettledOrThrow(
    mounts.map(async ({destination, reader}): Promise<MountSize> => {
      const size = new SizeSoFar(destination)
      const look = observe(destination)
      try {
        for await (const entry of readTar(reader.archive(MOUNT_PLACE, signal))) {
          const bytes = await look(entry)
          if (bytes === undefined) continue
          size.add(entry.header, bytes)
          total += bytes
          if (total > enoughBytes) return size.unfinished()
          if (bytes > 0) progress({stage, state: 'running', done: total})
        }
      } catch (error) {
        // Files can shrink while the container runs. What counts is read while it is paused.
        if (isCutOff(error)) return size.unfinished()
        throw mountUnreadable(destination, error)
      }
      return size.finished()
    }),
  )
  if (mounts.length > 0) progress({stage, state: 'done', done: total})
  return sizes
}

/** A mount that is being measured. */
class SizeSoFar {
  readonly #root: string
  /** Possible agent files: which ones are is known only at the end. */
  readonly #suspects = new Map<string, number>()
  #bytes = 0
  #entries = 0
  #mayHaveTraces = false

  constructor(private readonly destination: string) {
    this.#root = textToBytes(destination.slice(1))
  }

  add(header: TarHeader, bytes: number): void {
    this.#bytes += bytes
    this.#entries++
    if (!mayBeAgentFile(header.path) && !mayBeAgentFile(this.destination)) return
    this.#mayHaveTraces ||= mayBeAgentFile(header.path)
    const path = `/${bytesToText(placed(header.path, this.#root))}`
    // Only a folder of this name is Mutagen's.
    if (header.type === 'directory' || !path.endsWith(`/${DATA_FOLDER}`)) this.#suspects.set(path, bytes)
  }

  finished(): MountSize {
    const agentFiles = agentFilesAmong(this.#suspects.keys(), this.destination)
    const out = [...this.#suspects].filter(([path]) => agentFiles.some((trace) => isWithin(path, trace)))
    const bytes = this.#bytes - out.reduce((sum, [, size]) => sum + size, 0)
    return {bytes, entries: this.#entries - out.length, whole: true, mayHaveAgentFiles: this.#mayHaveTraces}
  }

  unfinished(): MountSize {
    return {bytes: this.#bytes, entries: this.#entries, whole: false, mayHaveAgentFiles: true}
  }
}

/** Whether an archive ended too early. */
function isCutOff(error: unknown): boolean {
  return error instanceof FailedError && (error.code === 'tar-invalid' || error.code === 'engine-broke-off')
}
