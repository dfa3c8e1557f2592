import {forgetResolved, isAbsent, provideDefault} from '../resolved.js'
import {isOwnName} from '../schema/foreign-names.js'

/** A command about to run. */
export interface CommandDefaultsOptions {
  /** The variables that the command's flags read, each with whether it is read as yes or no. */
  readonly variables: ReadonlyMap<string, {readonly isYesOrNo: boolean}>
  /** Where the values are put. */
  readonly environment: NodeJS.ProcessEnv
  /** The current folder: called only when it is needed, and may throw. */
  readonly folder: () => string
  /** The first argument of the command, such as a container or a tap; undefined where there is none. */
  readonly argument: string | undefined
  /** Takes a line for the person at the terminal. */
  readonly warn: (line: string) => void
}

/**
 * Gives the flags of a command their defaults through its environment: the values of the tap that the first argument names or
 * that the current folder is in, of the user configuration, and as KEG_TAG the tag of the branch. Only what is not set is set,
 * and listed as keg's own (see readResolved); what another keg process left in the environment is taken back first. What the user
 * set for yes or no gets a form that oclif reads.
 *
 * A tap that cannot be used is an error where the command is about it: where it is named, or nothing is. Another argument is about
 * something else, and has the user's own values with a warning. No repository, or one that cannot be read, is no error: where
 * the tag is truly missed, the service meets the same obstacle and says so.
 * @throws UsageError `value-invalid`, `value-template`, and what readUserConfiguration, findTap and readTapFolder throw
 */
export async function provideCommandDefaults(options: CommandDefaultsOptions): Promise<void> {
  const {environment, variables} = options
  forgetResolved(environment)
  const names = [...variables.keys()].filter(isOwnName)
  const wanted = names.filter((name) => isAbsent(environment, name))
  const saidByUser = names.filter((name) => !isAbsent(environment, name) && variables.get(name)?.isYesOrNo === true)
  if (saidByUser.length > 0) await normalise(saidByUser, environment)
  if (wanted.length === 0) return
  const {readUserConfiguration} = await import('../../config/user-configuration.js')
  const {askSources} = await import('./ask-sources.js')
  const configuration = await readUserConfiguration(environment)
  const {branch, folder, given} = await askSources(options, configuration, wanted)
  for (const {name, origin, text} of given) provideDefault(environment, name, text, origin)
  if (!wanted.includes('KEG_TAG') || !isAbsent(environment, 'KEG_TAG')) return
  const {findBranch, tagOf} = await import('../../git/branch.js')
  const found =
    branch ?? findBranch({environment}) ?? findBranch({environment, repository: await headOf(folder, environment)})
  if (found !== undefined) provideDefault(environment, 'KEG_TAG', tagOf(found), found.origin)
}

/** oclif takes `on` for no. */
async function normalise(names: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const {invalidValue, NEITHER_YES_NOR_NO, readYesOrNo} = await import('../schema/check-value.js')
  for (const name of names) {
    const text = environment[name] ?? ''
    const isYes = readYesOrNo(text)
    if (isYes === undefined) throw invalidValue(name, text, NEITHER_YES_NOR_NO)
    environment[name] = String(isYes)
  }
}

async function headOf(folder: () => string, environment: NodeJS.ProcessEnv) {
  const {readHead} = await import('../../git/repository.js')
  try {
    return await readHead(folder(), {environment})
  } catch {
    return undefined
  }
}
