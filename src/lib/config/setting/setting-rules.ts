import {homedir} from 'node:os'
import {isAbsolute, join, resolve} from 'node:path'
import {isEnvironmentName} from '../schema/environment-name.js'
import {valueProblem} from '../schema/check-value.js'
import {findDefinition} from '../schema/find-definition.js'
import {isForeignName, isOwnName} from '../schema/foreign-names.js'
import {UsageError} from '../../error/keg-error.js'
import {parseRegistry, parseTag} from '../../reference/reference.js'

/** The top-level settings of the configuration file. */
export const SETTINGS = [
  'version',
  'registry',
  'defaultTag',
  'protectedTags',
  'environment',
  'env',
  'paths',
  'taps',
] as const

/** The settings that are mappings. */
export const COLLECTIONS = ['env', 'paths', 'taps'] as const

/** The version of the configuration that this keg reads and writes. */
export const CONFIGURATION_VERSION = 1

/** A setting with a single text. */
export type TextSetting = 'defaultTag' | 'environment' | 'registry'

/** The settings with a single text, and what throws a KegError for an invalid one. */
export const TEXT_RULES: Readonly<Record<TextSetting, (text: string) => unknown>> = {
  defaultTag: parseTag,
  environment: checkEnvironmentName,
  registry: parseRegistry,
}

/** The settings with a list of texts, and what throws a KegError for an invalid item. */
export const LIST_RULES = {protectedTags: parseTag} as const satisfies Readonly<
  Record<string, (text: string) => unknown>
>

/** A setting with a list of texts. */
export type ListSetting = keyof typeof LIST_RULES

/**
 * Parses a list from the command line, separated by commas; an empty text is an empty list.
 * @throws UsageError of the rule for an invalid item
 */
export function parseList(name: ListSetting, text: string): readonly string[] {
  const list = text.split(',').map((part) => part.trim())
  const given = list.length === 1 && list[0] === '' ? [] : list
  for (const part of given) LIST_RULES[name](part)
  return given
}

/** A list in the form that `parseList` reads. */
export function listText(list: readonly string[]): string {
  return list.join(',')
}

/** @throws UsageError `setting-invalid` if it cannot be the `<environment>` of `values-<environment>.yml` */
function checkEnvironmentName(text: string): void {
  if (!isEnvironmentName(text))
    throw invalid('it is not the name of an environment.', 'Use letters, digits, dots and dashes, as in: local')
}

/** @throws UsageError `setting-invalid` if it cannot be the name of a value */
export function checkValueName(name: string): void {
  if (isOwnName(name)) return
  if (isForeignName(name))
    throw invalid(`${name} is read before the configuration.`, 'Set it in the environment of the shell.')
  throw invalid(`${JSON.stringify(name)} is not a value of keg.`, 'The names of values begin with KEG_ or DOC_.')
}

/** @throws UsageError `setting-invalid` if it cannot be the name of a value for all taps */
export function checkCommonValueName(name: string): void {
  const setting = SEPARATE_SETTINGS.get(name)
  if (setting !== undefined) throw invalid(`${name} has its own setting.`, `Set ${setting}.`)
  checkValueName(name)
}

/** Values that have their own setting. */
const SEPARATE_SETTINGS: ReadonlyMap<string, TextSetting> = new Map([
  ['KEG_DEFAULT_ENV', 'environment'],
  ['KEG_ENV', 'environment'],
  ['KEG_REGISTRY', 'registry'],
])

/**
 * Checks a value against its definition. An empty one counts as not set, and one with templates is checked after they are
 * filled in.
 * @throws UsageError `setting-invalid`
 */
export function checkValue(name: string, text: string): void {
  const problem = text === '' || text.includes('{{') ? undefined : valueProblem(findDefinition(name), text)
  if (problem !== undefined) throw invalid(`it ${problem.what}.`, problem.right)
}

/** @throws UsageError `setting-invalid` if it cannot be the name of a folder */
export function checkPathName(name: string): void {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(name)) return
  throw invalid(
    `${JSON.stringify(name)} is not a valid name.`,
    'Use letters, digits, _ and -, with a letter or digit first.',
  )
}

/**
 * @param text an absolute path, or one that begins with `~/`
 * @returns the absolute path
 * @throws UsageError `setting-invalid` for any other
 */
export function absoluteFolder(text: string, {HOME}: NodeJS.ProcessEnv): string {
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  const path = text === '~' || text.startsWith('~/') ? join(home, text.slice(1)) : text
  if (isAbsolute(path) && !path.includes('\0')) return resolve(path)
  throw invalid('it is not an absolute path.', 'Start it with / or ~/, so that it means the same in every folder.')
}

function invalid(message: string, hint: string): UsageError {
  return new UsageError(message, {code: 'setting-invalid', hint})
}
