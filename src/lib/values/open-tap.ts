import {readUserConfiguration} from '../config/user-configuration.js'
import {environmentNameOf} from './environment-name.js'
import {resolveValues} from './resolve-values.js'
import type {Values} from './values.js'
import {withNamedMutagenFile} from './named-mutagen-file.js'
import {readTapFolder, refuseProblems} from '../tap-folder/tap-folder.js'
import {findTap, type FindTapWork} from '../tap-folder/link/find-tap.js'
import type {Tap} from '../tap-folder/tap.js'
import type {TapFolder} from '../tap-folder/model.js'
import type {UserConfiguration} from '../config/model.js'

/** Which tap, and its values from the command line. */
export interface OpenTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** `--environment`. */
  readonly environmentName?: string | undefined
  /** Values from flags, by the values' names. */
  readonly flags?: ReadonlyMap<string, {readonly text: string; readonly flag: string}>
}

/** A tap with everything needed to work with it. */
export interface OpenTap {
  readonly tap: Tap
  readonly files: TapFolder
  readonly values: Values
  readonly configuration: UserConfiguration
}

/**
 * Finds a tap, reads its folder and resolves its values.
 * @throws what its parts do; FailedError `tap-invalid` if its files have errors
 */
export async function openTap(work: FindTapWork, {flags, name, ...options}: OpenTapOptions): Promise<OpenTap> {
  const {environment} = work
  const [configuration, tap] = await Promise.all([readUserConfiguration(environment), findTap(work, {name})])
  const named = environmentNameOf(options.environmentName, environment, configuration)
  const environmentName = named.name
  const files = await readTapFolder(tap.folder, environmentName, tap.name)
  refuseProblems(files)
  const values = await resolveValues({
    configuration,
    environment,
    environmentName,
    environmentOrigin: named.origin,
    tap: {tap, files},
    flags: flags ?? new Map(),
  })
  return {tap, files: await withNamedMutagenFile(files, values), values, configuration}
}
