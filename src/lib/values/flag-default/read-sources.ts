import {KegError} from '../../error/keg-error.js'
import type {Tap} from '../../tap-folder/tap.js'
import type {Values} from '../values.js'
import type {UserConfiguration} from '../../config/model.js'
import type {CommandDefaultsOptions} from './model.js'

/** A value for a flag. */
export interface FlagDefault {
  readonly name: string
  readonly text: string
  readonly origin: string
}

/** The values for flags, and the folder whose branch counts. */
export interface FlagDefaults {
  readonly defaults: readonly FlagDefault[]
  /** The value KEG_BRANCH. */
  readonly branch: {readonly branch: string; readonly origin: string} | undefined
  readonly folder: () => string
}

/**
 * Reads the wanted values; see provideCommandDefaults for the sources.
 * @throws what provideCommandDefaults does
 */
export async function readSources(
  options: CommandDefaultsOptions,
  configuration: UserConfiguration,
  wanted: readonly string[],
): Promise<FlagDefaults> {
  const {argument, environment, folder, warn} = options
  const isNamed = argument !== undefined && configuration.taps.has(argument)
  if (configuration.taps.size > 0)
    try {
      const tap = await findTapIfAny(isNamed ? argument : undefined, options)
      if (tap !== undefined) {
        const values = await valuesOf(tap, configuration, environment)
        return {...defaultsFrom(values, wanted, options), folder: () => tap.folder}
      }
    } catch (error) {
      if (!(error instanceof KegError) || isNamed || argument === undefined) throw error
      warn(`The tap of this folder is ignored: ${error.message}`)
    }
  const {invalid} = configuration
  if (!invalid.has('registry') && configuration.registry === undefined && configuration.env.size === 0)
    return {defaults: [], branch: undefined, folder}
  return {...defaultsFrom(await valuesOf(undefined, configuration, environment), wanted, options), folder}
}

/** The given tap, or the one that the current folder is in. */
async function findTapIfAny(name: string | undefined, {environment, folder}: CommandDefaultsOptions) {
  const {findTap} = await import('../../tap-folder/link/find-tap.js')
  try {
    return await findTap({folder: existingFolder(folder), environment}, {name})
  } catch (error) {
    if (name === undefined && error instanceof KegError && error.code === 'tap-missing') return undefined
    throw error
  }
}

/** A removed folder is in no tap. */
function existingFolder(folder: () => string): string {
  try {
    return folder()
  } catch {
    return '/'
  }
}

/** @throws FailedError `tap-invalid` if the tap's values cannot be read; its other files are not needed here */
async function valuesOf(
  tap: Tap | undefined,
  configuration: UserConfiguration,
  environment: NodeJS.ProcessEnv,
): Promise<Values> {
  const {environmentNameOf} = await import('../environment-name.js')
  const {resolveValues} = await import('../resolve-values.js')
  const {name: environmentName, origin} = environmentNameOf(undefined, environment, configuration)
  const source = {configuration, environment, environmentName, environmentOrigin: origin, flags: new Map()}
  if (tap === undefined) return resolveValues({...source, tap})
  const {readTapFolder, refuseProblems} = await import('../../tap-folder/tap-folder.js')
  const files = await readTapFolder(tap.folder, environmentName, tap.name)
  const read = new Set([...files.values, ...(files.dotenv === undefined ? [] : [files.dotenv])].map(({file}) => file))
  refuseProblems({...files, problems: files.problems.filter(({file}) => read.has(file))})
  return resolveValues({...source, tap: {tap, files}})
}

/** Without keg's own defaults, which are the flags' own. */
function defaultsFrom(
  values: Values,
  wanted: readonly string[],
  {variables}: CommandDefaultsOptions,
): Pick<FlagDefaults, 'branch' | 'defaults'> {
  const defaultOf = (name: string): FlagDefault | undefined => {
    const origin = values.origin(name)
    if (origin === undefined || origin.kind === 'default') return undefined
    const text = values.text(name)
    if (text === undefined) return undefined
    const isYesOrNo = variables.get(name)?.isYesOrNo === true
    return {name, text: isYesOrNo ? String(values.isOn(name)) : text, origin: origin.place}
  }
  const branch = wanted.includes('KEG_TAG') ? defaultOf('KEG_BRANCH') : undefined
  return {
    defaults: wanted.flatMap((name) => defaultOf(name) ?? []),
    branch: branch && {branch: branch.text, origin: branch.origin},
  }
}
