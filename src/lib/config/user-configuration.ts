import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {readIfExists} from './file/settings-file.js'
import {type UserConfiguration, configurationOf} from './model.js'

/**
 * The file of the user configuration, whether it exists or not: `keg/config.yml` in `$XDG_CONFIG_HOME`, which must be
 * absolute (XDG Base Directory Specification 0.8), or in `~/.config`.
 */
export function userConfigurationFile(environment: NodeJS.ProcessEnv): string {
  const {HOME, XDG_CONFIG_HOME} = environment
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  const base = XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home, '.config')
  return join(base, 'keg', 'config.yml')
}

/**
 * Reads the user configuration; without a file, the defaults. Unknown settings and invalid values are listed as `invalid`.
 * @throws UsageError `configuration-invalid` with file, line and column if it is not YAML or not a mapping of settings;
 * FailedError `configuration-unreadable` if the file exists but cannot be read, `configuration-newer` if a newer keg wrote
 * it.
 */
export async function readUserConfiguration(environment: NodeJS.ProcessEnv): Promise<UserConfiguration> {
  const file = userConfigurationFile(environment)
  const text = await readIfExists(file)
  if (text === undefined) return configurationOf({})
  // Most commands come here, and many users have no such file.
  const {readSettings} = await import('./file/read-settings.js')
  return (await readSettings(text, file, environment)).configuration
}
