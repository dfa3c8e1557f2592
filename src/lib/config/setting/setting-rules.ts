import {homedir} from 'node:os'
import {isAbsolute, join, resolve} from 'node:path'
import {isEnvironmentName} from '../../environment/environment-name.js'
import {problemOf} from '../../environment/schema/check-value.js'
import {findDefinition} from '../../environment/schema/find-definition.js'
import {isForeignName, isOwnName} from '../../environment/schema/foreign-names.js'
import {UsageError} from '../../error/keg-error.js'
import {parseRegistry, parseTag} from '../../reference/reference.js'

/** What the configuration file may have at its top. */
export const SETTINGS = ['version', 'registry', 'defaultTag', 'environment', 'env', 'paths', 'taps'] as const

/** The settings that are a list of names and values. */
export const COLLECTIONS = ['env', 'paths', 'taps'] as const

/** The version of the configuration that this keg reads and writes. */
export const CONFIGURATION_VERSION = 1

/** A setting that is one text. */
export type TextSetting = 'defaultTag' | 'environment' | 'registry'

/** The settings that are one text, and what throws a KegError for a text that they cannot have. */
export const TEXT_RULES: Readonly<Record<TextSetting, (text: string) => unknown>> = {
  defaultTag: parseTag,
  environment: checkEnvironmentName,
  registry: parseRegistry,
}

/** @throws UsageError `setting-invalid` for what cannot be the `<environment>` of `values-<environment>.yml` */
function checkEnvironmentName(text: string): void {
  if (!isEnvironmentName(text))
    throw invalid('it is no name of an environment.', 'Use letters, digits, dots and dashes, as in: local')
}

/** @throws UsageError `setting-invalid` for what cannot be the name of a value */
export function checkValueName(name: string): void {
  if (isOwnName(name)) return
  if (isForeignName(name))
    throw invalid(`${name} is read before the configuration is.`, 'Set it in the environment of the shell.')
  throw invalid(`${JSON.stringify(name)} is no value of keg's.`, 'The names of values begin with KEG_ or DOC_.')
}

/** @throws UsageError `setting-invalid` for what cannot be the name of a value for all taps */
export function checkCommonValueName(name: string): void {
  const setting = SEPARATE_SETTINGS.get(name)
  if (setting !== undefined) throw invalid(`${name} has a setting of its own.`, `Set ${setting}.`)
  checkValueName(name)
}

/** Values that have a setting of their own. */
const SEPARATE_SETTINGS: ReadonlyMap<string, TextSetting> = new Map([
  ['KEG_DEFAULT_ENV', 'environment'],
  ['KEG_ENV', 'environment'],
  ['KEG_REGISTRY', 'registry'],
])

/**
 * Checks a value by its schema. An empty one is none, and one with templates is checked when they are filled in.
 * @throws UsageError `setting-invalid`
 */
export function checkValue(name: string, text: string): void {
  const problem = text === '' || text.includes('{{') ? undefined : problemOf(findDefinition(name), text)
  if (problem !== undefined) throw invalid(`it ${problem.what}.`, problem.right)
}

/** @throws UsageError `setting-invalid` for what cannot be the name of a folder */
export function checkPathName(name: string): void {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(name)) return
  throw invalid(`${JSON.stringify(name)} is no name.`, 'Use letters, digits, _ and -, with a letter or digit first.')
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
  throw invalid('it is no absolute path.', 'Begin it with / or ~/, so that it means the same in every folder.')
}

function invalid(message: string, hint: string): UsageError {
  return new UsageError(message, {code: 'setting-invalid', hint})
}
