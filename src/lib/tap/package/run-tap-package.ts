import {filePathIn} from '../../package/file/file-path.js'
import type {RunPackageOptions} from '../../package/run/run-context.js'
import {runPackage} from '../../package/run/run-package.js'
import {formatReference} from '../../reference/reference.js'
import {takeTapName} from '../../tap-folder/link/take-tap-name.js'
import {openTap} from '../../values/open-tap.js'
import type {Work} from '../../work/work.js'
import {expandReference} from '../tap-images.js'

/** Which package of which tap to run, and how. */
export interface RunTapPackageOptions extends Omit<RunPackageOptions, 'reference'> {
  /** A tap, if the first word is one, and a reference; several words if a line was pasted without quotes. */
  readonly words: readonly string[]
  /** `--environment` */
  readonly environmentName: string | undefined
}

/**
 * Runs a package of a tap: a short name, such as `shop:feature-x`, is in the tap's registry; the path of a file is that file.
 * @returns the exit code, as runPackage does
 * @throws what opening the tap and running a package do; UsageError `reference-invalid`
 */
export async function runTapPackage(
  work: Work,
  {environmentName, words, ...options}: RunTapPackageOptions,
): Promise<number> {
  const {environment} = work
  const {name, rest} = await takeTapName(words, environment)
  const opened = await openTap(work, {name, environmentName})
  const text = rest.length === 0 ? undefined : rest.join(' ')
  const path = await filePathIn(work, text)
  const reference = path ?? (text && formatReference(expandReference(text, opened)))
  return runPackage(work, {...options, reference})
}
