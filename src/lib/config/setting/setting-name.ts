import {UsageError} from '../../error/keg-error.js'
import {checkTapName} from '../../reference/tap-name.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {
  absoluteFolder,
  checkCommonValueName,
  checkPathName,
  checkValue,
  COLLECTIONS,
  LIST_RULES,
  listText,
  parseList,
  TEXT_RULES,
  type ListSetting,
  type TextSetting,
} from './setting-rules.js'
import type {UserConfiguration} from '../model.js'

export type SettingName =
  | {readonly collection: undefined; readonly key: ListSetting | TextSetting}
  | {readonly collection: (typeof COLLECTIONS)[number]; readonly key: string}

const KEY_RULES: Readonly<Record<(typeof COLLECTIONS)[number], (key: string) => void>> = {
  env: checkCommonValueName,
  paths: checkPathName,
  taps: checkTapName,
}

/**
 * Parses a setting's name as typed: `registry`, `env.KEG_PROXY_HOST`, `paths.core`, `taps.shop`.
 * @throws UsageError `setting-unknown` with a suggestion, and what the rules for names throw
 */
export async function parseSettingName(text: string): Promise<SettingName> {
  if (isTextSetting(text) || isListSetting(text)) return {collection: undefined, key: text}
  const dot = text.indexOf('.')
  const collection = COLLECTIONS.find((name) => name === text.slice(0, dot))
  if (collection === undefined) throw await unknownSetting(text)
  const key = text.slice(dot + 1)
  KEY_RULES[collection](key)
  return {collection, key}
}

/** The keys of a setting in the file. */
export function settingPath({collection, key}: SettingName): string[] {
  if (collection === undefined) return [key]
  return collection === 'taps' ? [collection, key, 'path'] : [collection, key]
}

/** The value of a setting, or its default; undefined if there is neither. */
export function settingValue({collection, key}: SettingName, configuration: UserConfiguration): string | undefined {
  if (collection === undefined) return isListSetting(key) ? listText(configuration[key]) : configuration[key]
  if (collection === 'env') return configuration.env.get(key)?.text
  return collection === 'paths' ? configuration.paths.get(key) : configuration.taps.get(key)?.path
}

/**
 * The normalized value.
 * @throws UsageError of the rule if the value is invalid
 */
export function checkedValue(setting: SettingName, value: string, environment: NodeJS.ProcessEnv): string {
  if (setting.collection === undefined) {
    if (isListSetting(setting.key)) return listText(parseList(setting.key, value))
    TEXT_RULES[setting.key](value)
  } else if (setting.collection === 'env') checkValue(setting.key, value)
  else return absoluteFolder(value, environment)
  return value
}

/** A checked value for the file. */
export function valueForFile({collection, key}: SettingName, value: string): string | readonly string[] {
  return collection === undefined && isListSetting(key) ? parseList(key, value) : value
}

async function unknownSetting(text: string): Promise<UsageError> {
  const names = [...Object.keys(TEXT_RULES), ...Object.keys(LIST_RULES)]
  const closest = /^(?:KEG|DOC)_\w+$/.test(text) ? `env.${text}` : await closestWord(text, names)
  const question = closest === undefined ? '' : `Did you mean ${closest}? `
  return new UsageError(`There is no setting ${JSON.stringify(printable(text))}.`, {
    code: 'setting-unknown',
    hint: `${question}The settings are: ${names.join(', ')}, env.NAME, paths.NAME and taps.NAME.`,
  })
}

function isListSetting(name: string): name is ListSetting {
  return Object.hasOwn(LIST_RULES, name)
}

function isTextSetting(name: string): name is TextSetting {
  return Object.hasOwn(TEXT_RULES, name)
}
