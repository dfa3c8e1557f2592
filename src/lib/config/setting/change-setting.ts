import {unknownName} from '../schema/check-value.js'
import {KegError, UsageError} from '../../error/keg-error.js'
import {changeUserConfiguration} from '../change-configuration.js'
import type {ChangeOptions} from '../file/change-settings-file.js'
import {readUserConfiguration} from '../user-configuration.js'
import {
  checkedValue,
  parseSettingName,
  settingPath,
  settingValue,
  valueForFile,
  type SettingName,
} from './setting-name.js'
import {shownValue, type ChangedSetting} from './setting-text.js'
import {commandLine} from '../../terminal/command-line.js'
import {refuseInvalid} from '../model.js'
import type {Work} from '../../work/work.js'

export interface ChangeSettingOptions extends ChangeOptions {
  /** The setting's name as typed. */
  readonly name: string
}

export interface SetSettingOptions extends ChangeSettingOptions {
  readonly value: string
}

/**
 * Sets a setting.
 * @throws UsageError `setting-invalid` for an invalid value, `setting-linked` for a tap; what parseSettingName and
 * changeUserConfiguration throw
 */
export async function setSetting(
  work: Pick<Work, 'environment' | 'notice' | 'signal'>,
  {name, value, ...options}: SetSettingOptions,
): Promise<ChangedSetting> {
  const setting = await parseChangeable(name)
  const warning = setting.collection === 'env' ? await unknownName(setting.key) : undefined
  if (warning !== undefined) work.notice(warning)
  const checked = check(name, () => checkedValue(setting, value, work.environment))
  return change(work, name, setting, checked, options)
}

/** Removes a setting, even an invalid one; a missing one is no error. @throws as setSetting */
export async function unsetSetting(
  work: Pick<Work, 'environment' | 'signal'>,
  {name, ...options}: ChangeSettingOptions,
): Promise<ChangedSetting> {
  const {invalid} = await readUserConfiguration(work.environment)
  if (!invalid.has(name)) return change(work, name, await parseChangeable(name), undefined, options)
  await changeUserConfiguration(work, options, (document, configuration) => {
    const keys = configuration.invalid.get(name)?.keys
    if (keys !== undefined) document.deleteIn(keys)
  })
  return {name, value: null, previous: null, wasInvalid: true}
}

/** @param value undefined removes the setting */
async function change(
  work: Pick<Work, 'environment' | 'signal'>,
  name: string,
  setting: SettingName,
  value: string | undefined,
  options: ChangeOptions,
): Promise<ChangedSetting> {
  const path = settingPath(setting)
  let previous: string | undefined
  const written = {isInvalid: false}
  await changeUserConfiguration(work, options, (document, configuration) => {
    const {invalid} = configuration
    written.isInvalid = invalid.has(name)
    if (setting.collection !== undefined) refuseInvalid(configuration, setting.collection)
    previous = document.hasIn(path) && !written.isInvalid ? settingValue(setting, configuration) : undefined
    if (value !== undefined) document.setIn(path, valueForFile(setting, value))
    else if (previous !== undefined) document.deleteIn(path)
  })
  const shown = (text: string | undefined): string | null => (text === undefined ? null : shownValue(name, text))
  return {name, value: shown(value), previous: shown(previous), wasInvalid: written.isInvalid}
}

async function parseChangeable(name: string): Promise<SettingName> {
  const setting = await parseSettingName(name)
  if (setting.collection !== 'taps') return setting
  throw new UsageError(`${name} is a linked tap, with commands of its own.`, {
    code: 'setting-linked',
    hint: `Link it with: ${commandLine`keg tap link PATH --name ${setting.key}`}; or remove it with: ${commandLine`keg tap unlink ${setting.key}`}`,
  })
}

/** Adds the setting's name to an error about its value. */
function check(name: string, work: () => string): string {
  try {
    return work()
  } catch (problem) {
    if (!(problem instanceof KegError)) throw problem
    const {hint, message} = problem
    throw new UsageError(`${name}: ${message}`, {code: 'setting-invalid', ...(hint === undefined ? {} : {hint})})
  }
}
