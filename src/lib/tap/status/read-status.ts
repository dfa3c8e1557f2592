import {UsageError} from '../../error/keg-error.js'
import {readTapStatus, type TapStatus, type TapStatusOptions} from './tap-status.js'
import {readTapsOverview, type TapOverview} from './taps-overview.js'

export interface ReadStatusOptions extends TapStatusOptions {
  /** All linked taps in short. */
  readonly all: boolean
}

/**
 * Looks how a tap is, or all of them in short: as wished, and where none is named and the folder is in none.
 * @throws UsageError `usage-invalid` for a tap beside `--all`; what readTapStatus and readTapsOverview do
 */
export async function readStatus({all, ...options}: ReadStatusOptions): Promise<TapStatus | TapOverview[]> {
  if (all && options.name !== undefined)
    throw new UsageError('--all stands beside the name of a tap.', {
      code: 'usage-invalid',
      hint: 'Name a tap, or say --all.',
    })
  if (all) return readTapsOverview(options)
  try {
    return await readTapStatus(options)
  } catch (error) {
    const isElsewhere = error instanceof UsageError && error.code === 'tap-missing' && options.name === undefined
    if (!isElsewhere) throw error
    return readTapsOverview(options)
  }
}
