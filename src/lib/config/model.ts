import type {UsageError} from '../error/keg-error.js'

/** An invalid entry of a settings file. It is ignored; the rest of the file is used. */
export interface InvalidEntry {
  /** The error, with file, line and column, and a hint. */
  readonly error: UsageError
  /** Its keys in the document. */
  readonly keys: readonly unknown[]
}

/** Invalid entries, by their names joined with dots: `registry`, `taps.shop`, `env.KEG_PROXY_PORT`. */
export type InvalidEntries = ReadonlyMap<string, InvalidEntry>

/**
 * The user's settings for all commands. An invalid setting is an error only for commands that read it: `registry`,
 * `defaultTag`, `protectedTags`, `environment` and `env` throw the UsageError `configuration-invalid` when they are read;
 * for a path or a tap, `refuseInvalid` does.
 */
export interface UserConfiguration {
  /** The registry for packages: `HOST[:PORT][/NAMESPACE]`, checked. */
  readonly registry: string | undefined
  /** The tag that everybody pulls; a package gets it only explicitly. */
  readonly defaultTag: string
  /** Further tags that a package gets only explicitly. */
  readonly protectedTags: readonly string[]
  /** Which `values-<environment>.yml` is used; undefined if not set. */
  readonly environment: string | undefined
  /** KEG_* and DOC_* values for all taps, which a tap's own override; templates are not filled in. */
  readonly env: ReadonlyMap<string, WrittenSetting>
  /** Folders of dependencies on this machine, by name. */
  readonly paths: ReadonlyMap<string, string>
  /** Linked taps, by name. */
  readonly taps: ReadonlyMap<string, {readonly path: string}>
  readonly invalid: InvalidEntries
}

/** Tags that teams deploy from, or take for the newest release. */
const PROTECTED_TAGS: readonly string[] = ['develop', 'main', 'master', 'latest']

/** A setting with its line in the file. */
export interface WrittenSetting {
  readonly text: string
  readonly line: number
  /** Why it cannot be used: an error for whoever reads it. */
  readonly problem?: UsageError
}

/** A configuration, with defaults for missing settings. @param invalid entries that cannot be used */
export function configurationOf(
  set: Partial<Omit<UserConfiguration, 'invalid'>>,
  invalid: InvalidEntries = new Map(),
): UserConfiguration {
  const valid = <T>(name: string, value: T): T => {
    refuseInvalid({invalid}, name)
    return value
  }
  return {
    get registry() {
      return valid('registry', set.registry)
    },
    get defaultTag() {
      return valid('defaultTag', set.defaultTag ?? 'develop')
    },
    get protectedTags() {
      return valid('protectedTags', set.protectedTags ?? PROTECTED_TAGS)
    },
    get environment() {
      return valid('environment', set.environment)
    },
    get env() {
      return valid('env', set.env ?? new Map<string, WrittenSetting>())
    },
    paths: set.paths ?? new Map(),
    taps: set.taps ?? new Map(),
    invalid,
  }
}

/**
 * Throws if a needed setting is invalid.
 * @param name of the setting, with dots; the mapping that contains it is checked too
 * @throws UsageError `configuration-invalid`
 */
export function refuseInvalid({invalid}: Pick<UserConfiguration, 'invalid'>, name: string): void {
  const problem = invalid.get(name) ?? invalid.get(name.split('.')[0] ?? '')
  if (problem !== undefined) throw problem.error
}
