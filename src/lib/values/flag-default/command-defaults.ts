import {forgetResolved, isAbsent, provideDefault} from '../../process/resolved.js'
import {isOwnName} from '../../config/schema/foreign-names.js'
import type {CommandDefaultsOptions} from './model.js'

/**
 * Sets the defaults of a command's flags through its environment: values of the tap in the first argument or of the current
 * folder's tap, of the user configuration, and as KEG_TAG the tag of the branch. Sets only what is not set, and lists it as
 * set by keg (see readResolved); first removes what another keg process set. Yes-or-no values of the user get a form that
 * oclif reads.
 * A tap that cannot be used is an error if the command is about it: if it is named, or nothing is. With another argument,
 * the user's own values are used, with a warning. A missing or unreadable repository is no error: a service that needs the
 * tag reports it.
 * @throws UsageError `value-invalid`, `value-template`, and what readUserConfiguration, findTap and readTapFolder throw
 */
export async function provideCommandDefaults(options: CommandDefaultsOptions): Promise<void> {
  const {environment, variables} = options
  forgetResolved(environment)
  const names = [...variables.keys()].filter(isOwnName)
  const wanted = names.filter((name) => isAbsent(environment, name))
  const setByUser = names.filter((name) => !isAbsent(environment, name) && variables.get(name)?.isYesOrNo === true)
  if (setByUser.length > 0) await normalise(setByUser, environment)
  if (wanted.length === 0) return
  const {readUserConfiguration} = await import('../../config/user-configuration.js')
  const {readSources} = await import('./read-sources.js')
  const configuration = await readUserConfiguration(environment)
  const {branch, folder, defaults} = await readSources(options, configuration, wanted)
  for (const {name, origin, text} of defaults) provideDefault(environment, name, text, origin)
  if (!wanted.includes('KEG_TAG') || !isAbsent(environment, 'KEG_TAG')) return
  const {findBranch, tagOf} = await import('../../branch/branch.js')
  const found =
    branch ??
    findBranch({environment}, {}) ??
    findBranch({environment}, {repository: await headOf(folder, environment)})
  if (found !== undefined) provideDefault(environment, 'KEG_TAG', tagOf(found), found.origin)
}

/** oclif reads `on` as no. */
async function normalise(names: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const {invalidValue, NEITHER_YES_NOR_NO, readYesOrNo} = await import('../../config/schema/check-value.js')
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
