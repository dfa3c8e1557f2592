import {userConfigurationFile} from '../config/user-configuration.js'
import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {isResolved} from '../process/resolved.js'
import {isEnvironmentName} from '../config/schema/environment-name.js'
import type {Origin} from './values.js'
import type {UserConfiguration} from '../config/model.js'

/** The environment whose `values-<environment>.yml` counts. */
export interface EnvironmentName {
  readonly name: string
  readonly origin: Origin
}

/**
 * The environment: `--environment`, KEG_ENV, KEG_DEFAULT_ENV, the setting `environment`, or `local`. Empty counts as not
 * set.
 * @throws UsageError `environment-invalid` if it cannot be part of a file's name; `configuration-invalid` if the setting is
 * needed and invalid
 */
export function environmentNameOf(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
  configuration: Pick<UserConfiguration, 'environment'>,
): EnvironmentName {
  const found = findName(flag, environment, configuration)
  if (isEnvironmentName(found.name)) return found
  throw new UsageError(`${printable(JSON.stringify(found.name))} is not the name of an environment.`, {
    code: 'environment-invalid',
    hint: `Use letters, digits, dots and dashes, as in: local. It was set by ${printable(found.origin.place)}.`,
  })
}

function findName(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
  configuration: Pick<UserConfiguration, 'environment'>,
): EnvironmentName {
  if (flag !== undefined) return {name: flag, origin: {kind: 'flag', place: '--environment'}}
  for (const variable of ['KEG_ENV', 'KEG_DEFAULT_ENV']) {
    const name = environment[variable]
    if (name !== undefined && name !== '' && !isResolved(environment, variable))
      return {name, origin: {kind: 'environment', place: variable}}
  }
  const {environment: setting} = configuration
  if (setting !== undefined)
    return {name: setting, origin: {kind: 'configuration', place: userConfigurationFile(environment)}}
  return {name: 'local', origin: {kind: 'default', place: 'keg'}}
}
