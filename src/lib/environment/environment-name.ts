import {userConfigurationFile, type UserConfiguration} from '../config/user-configuration.js'
import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {isResolved} from './resolved.js'
import type {Origin} from './values.js'

/** The environment whose `values-<environment>.yml` counts. */
export interface EnvironmentName {
  readonly name: string
  readonly origin: Origin
}

/**
 * Which environment is meant: `--environment`, KEG_ENV, KEG_DEFAULT_ENV, the setting `environment`, or `local`. What is empty is
 * not set.
 * @throws UsageError `environment-invalid` for what cannot be part of a file's name
 */
export function environmentNameOf(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
  {environment: setting}: Pick<UserConfiguration, 'environment'>,
): EnvironmentName {
  const found = findName(flag, environment, setting)
  if (isEnvironmentName(found.name)) return found
  throw new UsageError(`${printable(JSON.stringify(found.name))} is no name of an environment.`, {
    code: 'environment-invalid',
    hint: `Use letters, digits, dots and dashes, as in: local. It was said by ${printable(found.origin.place)}.`,
  })
}

/** Whether a text can be the `<environment>` of `values-<environment>.yml`. */
export function isEnvironmentName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,63}$/.test(text)
}

function findName(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
  setting: string | undefined,
): EnvironmentName {
  if (flag !== undefined) return {name: flag, origin: {kind: 'flag', place: '--environment'}}
  for (const variable of ['KEG_ENV', 'KEG_DEFAULT_ENV']) {
    const name = environment[variable]
    if (name !== undefined && name !== '' && !isResolved(environment, variable))
      return {name, origin: {kind: 'environment', place: variable}}
  }
  if (setting !== undefined)
    return {name: setting, origin: {kind: 'configuration', place: userConfigurationFile(environment)}}
  return {name: 'local', origin: {kind: 'default', place: 'keg'}}
}
