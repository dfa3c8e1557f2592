import type {RunPackageOptions} from '../../package/run/run-context.js'
import {runPackage} from '../../package/run/run-package.js'
import {formatReference} from '../../reference/reference.js'
import {takeTapName} from '../link/take-tap-name.js'
import {openTap} from '../open-tap.js'
import {expandReference} from '../tap-images.js'

/** Which package of which tap is run, and how. */
export interface RunTapPackageOptions extends Omit<RunPackageOptions, 'reference'> {
  /** A tap, where there is one of that name, and a reference; a line that was pasted without quotes comes in several words. */
  readonly words: readonly string[]
  /** The current folder. */
  readonly folder: string
  /** `--environment` */
  readonly environmentName: string | undefined
}

/**
 * Runs a package of a tap: a short name, such as `shop:feature-x`, is one of the tap's registry.
 * @returns the exit code, as runPackage does
 * @throws what opening the tap and running a package do; UsageError `reference-invalid`
 */
export async function runTapPackage({
  environmentName,
  folder,
  words,
  ...options
}: RunTapPackageOptions): Promise<number> {
  const {environment} = options
  const {name, rest} = await takeTapName(words, environment)
  const opened = await openTap({name, folder, environment, environmentName})
  const reference = rest.length === 0 ? undefined : formatReference(expandReference(rest.join(' '), opened))
  return runPackage({...options, reference})
}
