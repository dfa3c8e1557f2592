import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {readIfThere} from './file/settings-file.js'

/** What the user set for all commands. */
export interface UserConfiguration {
  /** Where packages go: `HOST[:PORT][/NAMESPACE]`, checked. */
  readonly registry: string | undefined
  /** The tag that everybody pulls; a package takes it only where it is named. */
  readonly defaultTag: string
  /** Which `values-<environment>.yml` counts; undefined where nobody says. */
  readonly environment: string | undefined
  /** KEG_* and DOC_* values for all taps, below what a tap says itself; templates are not filled in. */
  readonly env: ReadonlyMap<string, WrittenSetting>
  /** Folders of dependencies on this machine, by their names. */
  readonly paths: ReadonlyMap<string, string>
  /** Linked taps by their names. */
  readonly taps: ReadonlyMap<string, {readonly path: string}>
}

/** A setting with the line of the file that has it. */
export interface WrittenSetting {
  readonly text: string
  readonly line: number
}

/**
 * The file of the user configuration, there or not: `keg/config.yml` in `$XDG_CONFIG_HOME`, which has to be absolute
 * (XDG Base Directory Specification 0.8), or else in `~/.config`.
 */
export function userConfigurationFile(environment: NodeJS.ProcessEnv): string {
  const {HOME, XDG_CONFIG_HOME} = environment
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  const base = XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home, '.config')
  return join(base, 'keg', 'config.yml')
}

/**
 * Reads the user configuration; no file and an empty one are the defaults.
 * @throws UsageError `configuration-invalid` with file, line and column for what is not YAML, an unknown setting and a wrong
 * value; FailedError `configuration-unreadable` when the file is there but cannot be read, `configuration-newer` when a newer
 * keg wrote it.
 */
export async function readUserConfiguration(environment: NodeJS.ProcessEnv): Promise<UserConfiguration> {
  const file = userConfigurationFile(environment)
  const text = await readIfThere(file)
  if (text === undefined) return configurationOf({})
  // Most commands ask, and many people have no such file.
  const {readSettings} = await import('./file/read-settings.js')
  return (await readSettings(text, file, environment)).configuration
}

/** A configuration with the defaults of what is not set. */
export function configurationOf(set: Partial<UserConfiguration>): UserConfiguration {
  return {
    registry: set.registry,
    defaultTag: set.defaultTag ?? 'develop',
    environment: set.environment,
    env: set.env ?? new Map(),
    paths: set.paths ?? new Map(),
    taps: set.taps ?? new Map(),
  }
}
