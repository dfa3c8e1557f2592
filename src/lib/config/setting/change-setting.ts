import {unknownName} from '../../environment/schema/check-value.js'
import {KegError, UsageError} from '../../error/keg-error.js'
import {changeUserConfiguration} from '../change-configuration.js'
import type {ChangeOptions} from '../file/change-settings-file.js'
import {checkedValue, parseSettingName, settingPath, settingValue, type SettingName} from './setting-name.js'
import {shownValue, type ChangedSetting} from './setting-text.js'

export interface ChangeSettingOptions extends ChangeOptions {
  /** As a user types it. */
  readonly name: string
}

export interface SetSettingOptions extends ChangeSettingOptions {
  readonly value: string
  /** Told of a name that may be misspelled. */
  readonly say: (line: string) => void
}

/**
 * Sets a setting.
 * @throws UsageError `setting-invalid` for a value that it cannot have, `setting-linked` for a tap; what parseSettingName and
 * changeUserConfiguration throw
 */
export async function setSetting({name, say, value, ...options}: SetSettingOptions): Promise<ChangedSetting> {
  const setting = await parseChangeable(name)
  const doubt = setting.collection === 'env' ? await unknownName(setting.key) : undefined
  if (doubt !== undefined) say(doubt)
  const checked = check(name, () => checkedValue(setting, value, options.environment))
  return change(name, setting, checked, options)
}

/** Takes a setting away; one that is not set stays so. @throws as setSetting */
export async function unsetSetting({name, ...options}: ChangeSettingOptions): Promise<ChangedSetting> {
  return change(name, await parseChangeable(name), undefined, options)
}

/** @param value undefined takes the setting away */
async function change(
  name: string,
  setting: SettingName,
  value: string | undefined,
  options: ChangeOptions,
): Promise<ChangedSetting> {
  const path = settingPath(setting)
  let previous: string | undefined
  await changeUserConfiguration(options, (document, configuration) => {
    previous = document.hasIn(path) ? settingValue(setting, configuration) : undefined
    if (value !== undefined) document.setIn(path, value)
    else if (previous !== undefined) document.deleteIn(path)
  })
  const shown = (text: string | undefined): string | null => (text === undefined ? null : shownValue(name, text))
  return {name, value: shown(value), previous: shown(previous)}
}

async function parseChangeable(name: string): Promise<SettingName> {
  const setting = await parseSettingName(name)
  if (setting.collection !== 'taps') return setting
  throw new UsageError(`${name} is a linked tap, with commands of its own.`, {
    code: 'setting-linked',
    hint: `Link it with: keg tap link PATH --name ${setting.key}; or take it away with: keg tap unlink ${setting.key}`,
  })
}

/** Hands on what is wrong with a value, with its setting. */
function check(name: string, work: () => string): string {
  try {
    return work()
  } catch (problem) {
    if (!(problem instanceof KegError)) throw problem
    const {hint, message} = problem
    throw new UsageError(`${name}: ${message}`, {code: 'setting-invalid', ...(hint === undefined ? {} : {hint})})
  }
}
