/** Where a value comes from, low to high (see docs/values.md). */
export type OriginKind =
  'default' | 'configuration' | 'values' | 'environment-values' | 'dotenv' | 'override' | 'environment' | 'flag'

/** Where a value comes from. */
export interface Origin {
  readonly kind: OriginKind
  /** As a person would look for it: `/home/x/shop/container/values.yml:3`, `--from`, `KEG_PROXY_PORT`, `keg`. */
  readonly place: string
}

/** A value of one source, with its templates filled in where that was possible. */
export interface SourcedValue {
  readonly text: string
  readonly origin: Origin
}

/** All that is known of one value. */
export interface ExplainedValue {
  readonly name: string
  /** Undefined where a template names nothing. */
  readonly value: string | undefined
  readonly origin: Origin
  /** What it hides, high to low. */
  readonly hides: readonly SourcedValue[]
  /** What keeps it from being used; undefined where nothing does. */
  readonly problem: string | undefined
  /** Whether it is a secret: its text is never shown. */
  readonly isSecret: boolean
  /** What it means; undefined for one that is the tap's own. */
  readonly meaning: string | undefined
}

/** The KEG_*, DOC_* and other values of a tap (or, without one, of the user), each from the highest source that has it. */
export interface Values {
  /** `local` where nobody says otherwise. */
  readonly environmentName: string
  /** Unknown names and the like, for the person at the terminal. */
  readonly warnings: readonly string[]
  /** All names that have a value. */
  readonly names: readonly string[]
  /** An empty value is none. @throws UsageError `value-template` where a template in it names nothing or is circular */
  text(name: string): string | undefined
  /** Undefined and the built-in default decide where nobody says: see the schema. @throws UsageError `value-invalid` for what is neither yes nor no */
  isOn(name: string): boolean
  /** As `isOn`, but undefined where nothing above the built-in default says. */
  wish(name: string): boolean | undefined
  origin(name: string): Origin | undefined
  explain(): readonly ExplainedValue[]
  /** Fills in the templates of a text. @throws UsageError `value-template`, with the place */
  expand(text: string, place: string): string
  /** All that can be used, for programs that fill in variables themselves, such as compose. Secrets are among them. */
  asEnvironment(): Record<string, string>
}
