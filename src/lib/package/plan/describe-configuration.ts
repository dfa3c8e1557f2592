import {entryIn} from '../../container/resolve-directory.js'
import {EngineError} from '../../engine/engine-error.js'
import {withoutEnvironment} from '../exclude/environment.js'
import {findHostPaths, hostPathWarnings} from '../../image/host-paths.js'
import {addedEnvironment} from '../../image/image-config.js'
import {workingDirectoryWarnings} from '../capture/working-directory.js'
import type {PackageContext} from './package-context.js'
import type {PackagePlan} from './package-plan.js'

/** Describes the configuration of a package, and warns of paths in it that a reviewer does not have. */
export async function describeConfiguration(
  {mounts, source, work}: PackageContext,
  excludedNames: readonly string[],
): Promise<Pick<PackagePlan, 'addedEnvironment' | 'labelsLeftOut'>> {
  const {base, container} = source
  const {engine, environment, warn} = work
  const described = withoutEnvironment(container, excludedNames)
  const added = addedEnvironment(described, base)
  const hostPaths = await findHostPaths({
    container: described,
    home: environment.HOME,
    isInContainer: async (path) => (await orFallback(engine.pathStat(container.Id, path), undefined)) !== undefined,
    addedEnvironment: added,
  })
  for (const text of hostPathWarnings(hostPaths)) warn(text)
  const startsIn = workingDirectoryWarnings({
    directory: container.Config.WorkingDir,
    look: (path) => entryIn(engine, container.Id, path),
    mounts: mounts.map(({destination, excluded}) => ({destination, included: excluded === undefined})),
  })
  for (const text of await orFallback(startsIn, [])) warn(text)
  return {addedEnvironment: added, labelsLeftOut: hostPaths.labels}
}

/**
 * An answer, or a default if the engine gives none: 28 reads nothing from a container with a mount behind an absolute symlink.
 */
async function orFallback<Answer>(answer: Promise<Answer>, fallback: Answer): Promise<Answer> {
  return answer.catch((error: unknown) => {
    if (error instanceof EngineError) return fallback
    throw error
  })
}
