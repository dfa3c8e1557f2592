import {UsageError} from '../../error/keg-error.js'
import type {PackageWay} from '../target/model.js'

/**
 * For how long the container is paused: until its mounts are recorded in temporary files, or until everything is sent, without such
 * files.
 */
export const PAUSE_MODES = ['short', 'stream'] as const
export type PauseMode = (typeof PAUSE_MODES)[number]

/**
 * @param way undefined if no flag says anything about it
 * @throws UsageError `pause-unusable` if something would be written to a file nevertheless
 */
export function checkPauseMode(
  pause: PauseMode,
  {way, writesFile}: {readonly way: PackageWay | undefined; readonly writesFile: boolean},
): void {
  if (pause === 'short' || (way?.via === 'registry' && !way.isLoaded && !writesFile)) return
  throw new UsageError(
    'Only a package that goes straight into a registry, and nowhere else, can be made with --pause stream.',
    {
      code: 'pause-unusable',
      hint: 'Push it to a registry, without --load, --output and --via engine, or leave out --pause stream.',
    },
  )
}
