import {UsageError} from '../../error/keg-error.js'
import {readTapStatus, type TapStatus, type TapStatusOptions} from './tap-status.js'
import {readTapsOverview, type TapOverview} from './taps-overview.js'
import type {Work} from '../../work/work.js'

/** Which taps to show. */
export interface ReadStatusOptions extends TapStatusOptions {
  /** A summary of all linked taps. */
  readonly all: boolean
}

/**
 * Reads the status of a tap, or a summary of all: with `all`, or if no tap is named and the folder is in none.
 * @throws UsageError `usage-invalid` for a tap together with `--all`; what readTapStatus and readTapsOverview do
 */
export async function readStatus(work: Work, {all, ...options}: ReadStatusOptions): Promise<TapStatus | TapOverview[]> {
  if (all && options.name !== undefined)
    throw new UsageError('--all cannot be combined with the name of a tap.', {
      code: 'usage-invalid',
      hint: 'Name a tap, or use --all.',
    })
  if (all) return readTapsOverview(work)
  try {
    return await readTapStatus(work, options)
  } catch (error) {
    const isElsewhere = error instanceof UsageError && error.code === 'tap-missing' && options.name === undefined
    if (!isElsewhere) throw error
    return readTapsOverview(work)
  }
}
