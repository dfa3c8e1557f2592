import {readUserConfiguration, type UserConfiguration} from '../config/user-configuration.js'
import {environmentNameOf} from '../environment/environment-name.js'
import {resolveValues} from '../environment/resolve-values.js'
import type {Values} from '../environment/values.js'
import {withNamedMutagenFile} from './folder/named-mutagen-file.js'
import {readTapFolder, refuseProblems, type TapFolder} from './folder/tap-folder.js'
import {findTap} from './link/find-tap.js'
import type {Tap} from './tap.js'

/** Which tap is meant, and what the command line says of its values. */
export interface OpenTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** `--environment`. */
  readonly environmentName?: string | undefined
  /** Values that flags say, by the values' names. */
  readonly flags?: ReadonlyMap<string, {readonly text: string; readonly flag: string}>
}

/** A tap with all that is needed to work with it. */
export interface OpenTap {
  readonly tap: Tap
  readonly files: TapFolder
  readonly values: Values
  readonly configuration: UserConfiguration
}

/**
 * Finds a tap, reads its folder and resolves its values.
 * @throws what its parts do; FailedError `tap-invalid` where its files have errors
 */
export async function openTap({environment, flags, folder, name, ...options}: OpenTapOptions): Promise<OpenTap> {
  const [configuration, tap] = await Promise.all([
    readUserConfiguration(environment),
    findTap({name, folder, environment}),
  ])
  const named = environmentNameOf(options.environmentName, environment, configuration)
  const environmentName = named.name
  const files = await readTapFolder(tap.folder, environmentName)
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
