import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {readSettings} from '../file/read-settings.js'
import {readIfThere} from '../file/settings-file.js'
import {userConfigurationFile} from '../user-configuration.js'
import {parseSettingName, settingValue} from './setting-name.js'
import {COLLECTIONS} from './setting-rules.js'
import {shownValue, type SetSetting} from './setting-text.js'

/** What is set, in the order of the file, without secrets. @throws what readUserConfiguration throws */
export async function listSettings(environment: NodeJS.ProcessEnv): Promise<readonly SetSetting[]> {
  return (await readAll(environment)).map(({name, value}) => ({name, value: shownValue(name, value)}))
}

/**
 * A setting that is set.
 * @param name as a user types it
 * @throws FailedError `setting-unset`, and what parseSettingName and readUserConfiguration throw
 */
export async function getSetting(name: string, environment: NodeJS.ProcessEnv): Promise<SetSetting> {
  const {collection, key} = await parseSettingName(name)
  const found = (await readAll(environment)).find((setting) => setting.name === name)
  if (found !== undefined) return found
  const command = collection === 'taps' ? `keg tap link PATH --name ${key}` : `keg config set ${name} VALUE`
  throw new FailedError(`${printable(name)} is not set.`, {code: 'setting-unset', hint: `Set it with: ${command}`})
}

async function readAll(environment: NodeJS.ProcessEnv): Promise<readonly SetSetting[]> {
  const file = userConfigurationFile(environment)
  const text = await readIfThere(file)
  if (text === undefined) return []
  const {configuration, entries} = await readSettings(text, file, environment)
  const names = entries.flatMap((entry) => {
    if (entry.name === 'version') return []
    return COLLECTIONS.some((name) => name === entry.name) ? entry.entries().map(({path}) => path) : [entry.path]
  })
  const settings = await Promise.all(
    names.map(async (name) => ({name, value: settingValue(await parseSettingName(name), configuration)})),
  )
  return settings.flatMap(({name, value}) => (value === undefined ? [] : [{name, value}]))
}
