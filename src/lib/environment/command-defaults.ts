import {isAbsent, forgetResolved, provideDefault} from './resolved.js'

/** A command about to run. */
export interface CommandDefaultsOptions {
  /** Names of the variables that the command's flags read. */
  readonly names: ReadonlySet<string>
  /** Where the values are put. */
  readonly environment: NodeJS.ProcessEnv
  /** The folder whose branch counts: called only when it is needed, and may throw. */
  readonly folder: () => string
}

/**
 * Gives the flags of a command their defaults through its environment: KEG_REGISTRY from the user configuration, KEG_TAG
 * from the branch. Only what is not set is set, and listed as keg's own (see readResolved); what another keg process
 * left in the environment is taken back first. No repository, or one that cannot be read, is no error: where the tag is
 * truly missed, the service meets the same obstacle and says so.
 * @throws UsageError and FailedError of readUserConfiguration.
 */
export async function provideCommandDefaults({names, environment, folder}: CommandDefaultsOptions): Promise<void> {
  forgetResolved(environment)
  const isWanted = (name: string): boolean => names.has(name) && isAbsent(environment, name)
  if (isWanted('KEG_REGISTRY')) {
    const {readUserConfiguration, userConfigurationFile} = await import('../config/user-configuration.js')
    const {registry} = await readUserConfiguration(environment)
    if (registry !== undefined) {
      provideDefault(environment, 'KEG_REGISTRY', registry, userConfigurationFile(environment))
    }
  }
  if (isWanted('KEG_TAG')) {
    const {findBranch, tagOf} = await import('../git/branch.js')
    const found = findBranch({environment}) ?? findBranch({environment, repository: await headOf(folder, environment)})
    if (found !== undefined) provideDefault(environment, 'KEG_TAG', tagOf(found), found.origin)
  }
}

async function headOf(folder: () => string, environment: NodeJS.ProcessEnv) {
  const {readHead} = await import('../git/repository.js')
  try {
    return await readHead(folder(), {environment})
  } catch {
    return undefined
  }
}
