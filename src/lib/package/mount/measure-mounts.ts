import {readTar} from '../../tar/read-tar.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {mountUnreadable, type HelperContainer} from '../capture/helper-container.js'
import {mayBeTrace} from '../capture/trace-names.js'
import {MOUNT_PLACE} from './mount-selection.js'
import {settleAll} from '../settle.js'

/** What a mount holds. */
export interface MountSize {
  readonly bytes: number
  readonly entries: number
  /** False where measuring ended early because it was too much already. */
  readonly whole: boolean
  /** Whether a sync may have made something for itself in it. */
  readonly mayHaveTraces: boolean
}

/** What is measured, and how far. */
export interface MeasureOptions {
  readonly mounts: readonly {readonly destination: string; readonly reader: HelperContainer}[]
  /** Once all mounts together hold more than this, measuring ends: infinite to measure to the end. */
  readonly enoughBytes: number
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** Measures mounts side by side by reading them: engines tell the sizes of volumes slowly and those of binds not at all. */
export async function measureMounts({enoughBytes, mounts, progress, signal}: MeasureOptions): Promise<MountSize[]> {
  let total = 0
  const stage = 'Measuring the mounts'
  const sizes = await settleAll(
    mounts.map(async ({destination, reader}): Promise<MountSize> => {
      let bytes = 0
      let entries = 0
      let mayHaveTraces = false
      try {
        for await (const {header} of readTar(reader.archive(MOUNT_PLACE, signal))) {
          entries++
          mayHaveTraces ||= mayBeTrace(header.path)
          bytes += header.size
          total += header.size
          if (total > enoughBytes) return {bytes, entries, whole: false, mayHaveTraces: true}
          if (header.size > 0) progress({stage, state: 'running', done: total})
        }
      } catch (error) {
        throw mountUnreadable(destination, error)
      }
      return {bytes, entries, whole: true, mayHaveTraces}
    }),
  )
  if (mounts.length > 0) progress({stage, state: 'done', done: total})
  return sizes
}
