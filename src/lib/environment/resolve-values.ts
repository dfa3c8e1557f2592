import type {UserConfiguration} from '../config/user-configuration.js'
import type {TapFolder} from '../tap/folder/tap-folder.js'
import type {Tap} from '../tap/tap.js'
import type {Origin, Values} from './values.js'

/** What is to be resolved, and from what. */
export interface ResolveOptions {
  readonly configuration: UserConfiguration
  /** The process's environment. */
  readonly environment: NodeJS.ProcessEnv
  readonly environmentName: string
  /** Undefined resolves what there is without a tap: defaults, user configuration, environment, flags. */
  readonly tap: {readonly tap: Tap; readonly files: TapFolder} | undefined
  /** What the command line says, each with the flag that says it. */
  readonly flags: ReadonlyMap<string, {readonly text: string; readonly flag: string}>
}

/**
 * Resolves all values: built-in default, user configuration, values.yml, values-<environment>.yml, `.env` of the tap, the user's
 * override file, process environment, flag, each above the one before it.
 * @throws UsageError `values-invalid` for an override file that cannot be used
 */
export function resolveValues(options: ResolveOptions): Promise<Values> {
  throw new Error(`not yet: ${options.environmentName}`)
}

/** Which environment is meant: `--environment`, KEG_ENV, KEG_DEFAULT_ENV, the setting `environment`, or `local`. */
export function environmentNameOf(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
  configuration: UserConfiguration,
): {readonly name: string; readonly origin: Origin} {
  throw new Error(`not yet: ${flag} ${Object.keys(environment).length} ${configuration.defaultTag}`)
}
