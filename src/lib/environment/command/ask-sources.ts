import type {UserConfiguration} from '../../config/user-configuration.js'
import {KegError} from '../../error/keg-error.js'
import type {Tap} from '../../tap/tap.js'
import type {Values} from '../values.js'
import type {CommandDefaultsOptions} from './command-defaults.js'

/** A value for a flag. */
export interface Given {
  readonly name: string
  readonly text: string
  readonly origin: string
}

/** What the sources of values say, and the folder whose branch counts. */
export interface Answer {
  readonly given: readonly Given[]
  /** The value KEG_BRANCH. */
  readonly branch: {readonly branch: string; readonly origin: string} | undefined
  readonly folder: () => string
}

/**
 * Asks the sources for what is wanted; see provideCommandDefaults for which of them count.
 * @throws what provideCommandDefaults does
 */
export async function askSources(
  options: CommandDefaultsOptions,
  configuration: UserConfiguration,
  wanted: readonly string[],
): Promise<Answer> {
  const {argument, environment, folder, warn} = options
  const isNamed = argument !== undefined && configuration.taps.has(argument)
  if (configuration.taps.size > 0)
    try {
      const tap = await findMeant(isNamed ? argument : undefined, options)
      if (tap !== undefined) {
        const values = await valuesOf(tap, configuration, environment)
        return {...answer(values, wanted, options), folder: () => tap.folder}
      }
    } catch (error) {
      if (!(error instanceof KegError) || isNamed || argument === undefined) throw error
      warn(`The tap of this folder is left out of account: ${error.message}`)
    }
  if (configuration.registry === undefined && configuration.env.size === 0)
    return {given: [], branch: undefined, folder}
  return {...answer(await valuesOf(undefined, configuration, environment), wanted, options), folder}
}

/** The tap that is named, or else the one that the current folder is in. */
async function findMeant(name: string | undefined, {environment, folder}: CommandDefaultsOptions) {
  const {findTap} = await import('../../tap/link/find-tap.js')
  try {
    return await findTap({name, folder: current(folder), environment})
  } catch (error) {
    if (name === undefined && error instanceof KegError && error.code === 'tap-missing') return undefined
    throw error
  }
}

/** A folder that was removed is in no tap. */
function current(folder: () => string): string {
  try {
    return folder()
  } catch {
    return '/'
  }
}

/** @throws FailedError `tap-invalid` where the tap's values cannot be read; its other files are not needed here */
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
  const {readTapFolder, refuseProblems} = await import('../../tap/folder/tap-folder.js')
  const files = await readTapFolder(tap.folder, environmentName)
  const read = new Set([...files.values, ...(files.dotenv === undefined ? [] : [files.dotenv])].map(({file}) => file))
  refuseProblems({...files, problems: files.problems.filter(({file}) => read.has(file))})
  return resolveValues({...source, tap: {tap, files}})
}

/** What is said above keg's own defaults, which are the flags' own. */
function answer(
  values: Values,
  wanted: readonly string[],
  {variables}: CommandDefaultsOptions,
): Pick<Answer, 'branch' | 'given'> {
  const said = (name: string): Given | undefined => {
    const origin = values.origin(name)
    if (origin === undefined || origin.kind === 'default') return undefined
    const text = values.text(name)
    if (text === undefined) return undefined
    const isYesOrNo = variables.get(name)?.isYesOrNo === true
    return {name, text: isYesOrNo ? String(values.isOn(name)) : text, origin: origin.place}
  }
  const branch = wanted.includes('KEG_TAG') ? said('KEG_BRANCH') : undefined
  return {
    given: wanted.flatMap((name) => said(name) ?? []),
    branch: branch && {branch: branch.text, origin: branch.origin},
  }
}
