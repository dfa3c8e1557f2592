import type {UserConfiguration} from '../config/model.js'
import type {Tap} from '../tap-folder/tap.js'
import type {TapFolder} from '../tap-folder/model.js'

/** Where a value comes from, low to high (see docs/values.md). */
export type OriginKind =
  | 'default'
  | 'configuration'
  | 'values'
  | 'environment-values'
  | 'dotenv'
  | 'override'
  | 'environment'
  | 'flag'

/** Where a value comes from. */
export interface Origin {
  /** Which kind of source. */
  readonly kind: OriginKind
  /** In a form that the user can find: `/home/x/shop/container/values.yml:3`, `--from`, `KEG_PROXY_PORT`, `keg`. */
  readonly place: string
}

/** A value from one source, with its templates filled in if possible. */
export interface SourcedValue {
  readonly text: string
  readonly origin: Origin
}

/** Everything about one value. */
export interface ExplainedValue {
  readonly name: string
  /** Undefined if a template has an unknown name. */
  readonly value: string | undefined
  readonly origin: Origin
  /** What it overrides, the highest first. */
  readonly hides: readonly SourcedValue[]
  /** Why it cannot be used; undefined if it can. */
  readonly problem: string | undefined
  /** Whether it is a secret: its text is never shown. */
  readonly isSecret: boolean
  /** Its meaning; undefined for a value that keg does not know. */
  readonly meaning: string | undefined
}

/** The KEG_*, DOC_* and other values of a tap (or, without one, of the user), each from its highest source. */
export interface Values {
  /** Default: `local`. */
  readonly environmentName: string
  /** Warnings for the user, for example about unknown names. */
  readonly warnings: readonly string[]
  /** The names of all values that are set. */
  readonly names: readonly string[]
  /** Empty counts as not set. @throws UsageError `value-template` if a template in it has an unknown name or is circular */
  text(name: string): string | undefined
  /**
   * If it is not set, the built-in default in the schema applies. @throws UsageError `value-invalid` if it is neither yes
   * nor no
   */
  isOn(name: string): boolean
  /** Like `isOn`, but undefined if only the built-in default applies. */
  explicitlyOn(name: string): boolean | undefined
  origin(name: string): Origin | undefined
  explain(): readonly ExplainedValue[]
  /** Fills in the templates of a text. @throws UsageError `value-template`, with the place */
  expand(text: string, place: string): string
  /** All usable values, for programs that interpolate variables themselves, such as compose. Includes secrets. */
  asEnvironment(): Record<string, string>
}

/** What to resolve, and from what. */
export interface ResolveOptions {
  readonly configuration: UserConfiguration
  /** The process's environment. */
  readonly environment: NodeJS.ProcessEnv
  readonly environmentName: string
  /** Where it is set; by default the flag. */
  readonly environmentOrigin?: Origin | undefined
  /** Undefined resolves the values without a tap: defaults, user configuration, environment, flags. */
  readonly tap: {readonly tap: Tap; readonly files: TapFolder} | undefined
  /** Values from the command line, each with its flag. */
  readonly flags: ReadonlyMap<string, {readonly text: string; readonly flag: string}>
}
