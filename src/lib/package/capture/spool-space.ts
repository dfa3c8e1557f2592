import {statfs} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {FailedError} from '../../error/keg-error.js'
import {BLOCK} from '../../tar/tar-header.js'
import {formatBytes} from '../../terminal/text.js'
import type {PackagePlan} from '../plan/package-plan.js'
import {mountBytes} from '../plan/plan-package.js'

/**
 * Checks before containers are paused that their mounts can be recorded.
 * @throws FailedError `spool-failed` if there is too little space in the folder for temporary files
 */
export async function checkSpoolSpace(
  plans: readonly Pick<PackagePlan, 'entries' | 'mounts' | 'pause'>[],
): Promise<void> {
  const recorded = plans.filter(({pause}) => pause !== 'stream')
  if (recorded.length === 0) return
  const folder = tmpdir()
  const found = await statfs(folder).catch(() => undefined)
  // Creating the files says what is wrong with the folder.
  if (found === undefined) return
  const free = found.bavail * found.bsize
  // Each file has a header, and fills its last block.
  const needed = recorded.reduce((sum, plan) => sum + mountBytes(plan) + plan.entries * 2 * BLOCK, 0)
  if (free >= needed) return
  throw new FailedError(
    `The mounts take about ${formatBytes(needed)} to be recorded, and ${formatBytes(free)} are free in ${folder}. Nothing was paused.`,
    {
      code: 'spool-failed',
      hint: 'Free some space there, or set TMPDIR to another folder. --exclude-mount leaves mounts out; --pause stream records none, and pauses the container until all is sent.',
      data: {folder, free, needed},
    },
  )
}
