import {UsageError} from '../../error/keg-error.js'
import {checkTapName} from '../../tap/link/tap-name.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import type {UserConfiguration} from '../user-configuration.js'
import {
  absoluteFolder,
  checkCommonValueName,
  checkPathName,
  checkValue,
  COLLECTIONS,
  TEXT_RULES,
  type TextSetting,
} from './setting-rules.js'

/** One setting. */
export type SettingName =
  | {readonly collection: undefined; readonly key: TextSetting}
  | {readonly collection: (typeof COLLECTIONS)[number]; readonly key: string}

const KEY_RULES: Readonly<Record<(typeof COLLECTIONS)[number], (key: string) => void>> = {
  env: checkCommonValueName,
  paths: checkPathName,
  taps: checkTapName,
}

/**
 * A setting by the name that a user types: `registry`, `env.KEG_PROXY_HOST`, `paths.core`, `taps.shop`.
 * @throws UsageError `setting-unknown` with what may have been meant, and what the rules for names throw
 */
export async function parseSettingName(text: string): Promise<SettingName> {
  if (isTextSetting(text)) return {collection: undefined, key: text}
  const dot = text.indexOf('.')
  const collection = COLLECTIONS.find((name) => name === text.slice(0, dot))
  if (collection === undefined) throw await unknownSetting(text)
  const key = text.slice(dot + 1)
  KEY_RULES[collection](key)
  return {collection, key}
}

/** The keys that lead to a setting in the file. */
export function settingPath({collection, key}: SettingName): string[] {
  if (collection === undefined) return [key]
  return collection === 'taps' ? [collection, key, 'path'] : [collection, key]
}

/** What a setting is, or what keg does without it; undefined where there is nothing. */
export function settingValue({collection, key}: SettingName, configuration: UserConfiguration): string | undefined {
  if (collection === undefined) return configuration[key]
  if (collection === 'env') return configuration.env.get(key)?.text
  return collection === 'paths' ? configuration.paths.get(key) : configuration.taps.get(key)?.path
}

/**
 * The value as the file gets it.
 * @throws UsageError of the rule for a value that the setting cannot have
 */
export function checkedValue(setting: SettingName, value: string, environment: NodeJS.ProcessEnv): string {
  if (setting.collection === undefined) TEXT_RULES[setting.key](value)
  else if (setting.collection === 'env') checkValue(setting.key, value)
  else return absoluteFolder(value, environment)
  return value
}

async function unknownSetting(text: string): Promise<UsageError> {
  const names = Object.keys(TEXT_RULES)
  const meant = /^(?:KEG|DOC)_\w+$/.test(text) ? `env.${text}` : await closestWord(text, names)
  const question = meant === undefined ? '' : `Did you mean ${meant}? `
  return new UsageError(`There is no setting ${JSON.stringify(printable(text))}.`, {
    code: 'setting-unknown',
    hint: `${question}The settings are: ${names.join(', ')}, env.NAME, paths.NAME and taps.NAME.`,
  })
}

function isTextSetting(name: string): name is TextSetting {
  return Object.hasOwn(TEXT_RULES, name)
}
