import {FailedError, type UsageError} from '../../error/keg-error.js'
import {troubleOf} from '../../terminal/row-trouble.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {readSettings} from '../file/read-settings.js'
import {readIfExists} from '../file/settings-file.js'
import {userConfigurationFile} from '../user-configuration.js'
import {parseSettingName, settingValue} from './setting-name.js'
import {COLLECTIONS} from './setting-rules.js'
import {shownValue, type SetSetting} from './setting-text.js'

/**
 * The settings that are set, in the order of the file, without secrets, including invalid ones. @throws what
 * readUserConfiguration throws
 */
export async function listSettings(environment: NodeJS.ProcessEnv): Promise<readonly SetSetting[]> {
  const settings = await readAll(environment)
  return settings.map(({error, name, value}) => {
    if (error !== undefined) return {name, value: null, trouble: troubleOf(error)}
    return {name, value: shownValue(name, value), trouble: null}
  })
}

/**
 * The value of a setting.
 * @param name as typed
 * @throws FailedError `setting-unset`, UsageError `configuration-invalid` if it is invalid, and what parseSettingName and
 * readUserConfiguration throw
 */
export async function getSetting(
  name: string,
  environment: NodeJS.ProcessEnv,
): Promise<SetSetting & {readonly value: string}> {
  const found = (await readAll(environment)).find((setting) => setting.name === name)
  if (found?.error !== undefined) throw found.error
  const {collection, key} = await parseSettingName(name)
  if (found !== undefined) return {name, value: found.value, trouble: null}
  const command =
    collection === 'taps' ? commandLine`keg tap link PATH --name ${key}` : commandLine`keg config set ${name} VALUE`
  throw new FailedError(`${printable(name)} is not set.`, {code: 'setting-unset', hint: `Set it with: ${command}`})
}

/** A written setting, and its problem. */
interface WrittenEntry {
  readonly name: string
  readonly value: string
  readonly error: UsageError | undefined
}

async function readAll(environment: NodeJS.ProcessEnv): Promise<WrittenEntry[]> {
  const file = userConfigurationFile(environment)
  const text = await readIfExists(file)
  if (text === undefined) return []
  const {configuration, entries} = await readSettings(text, file, environment)
  const {invalid} = configuration
  const names = entries.flatMap((entry) => {
    if (entry.name === 'version') return []
    const isCollection = COLLECTIONS.some((name) => name === entry.name) && !invalid.has(entry.path)
    return isCollection ? entry.entries().map(({path}) => path) : [entry.path]
  })
  const written = names.map(async (name): Promise<WrittenEntry[]> => {
    const error = invalid.get(name)?.error
    if (error !== undefined) return [{name, value: '', error}]
    const value = settingValue(await parseSettingName(name), configuration)
    return value === undefined ? [] : [{name, value, error}]
  })
  // Errors inside a record, or of the version, do not belong to a setting.
  const others = [...invalid].filter(([name]) => !names.includes(name))
  return [...(await Promise.all(written)).flat(), ...others.map(([name, {error}]) => ({name, value: '', error}))]
}
