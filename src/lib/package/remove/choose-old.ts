import {repositoryOf} from '../list/local-packages.js'
import {newestFirst, type ListedPackage} from '../list/model.js'

/** Which packages are old. With both, those for which both are true. */
export interface OldPackageOptions {
  /** How many of each name are not, the newest; undefined for none. */
  readonly keep: number | undefined
  /** The age from which on a package is, in milliseconds; undefined for any. One that does not say when it was made is not. */
  readonly olderThanMilliseconds: number | undefined
  readonly now: Date
}

/** The packages that are old, in the order of the list. */
export function oldPackages(
  packages: readonly ListedPackage[],
  {keep = 0, now, olderThanMilliseconds}: OldPackageOptions,
): readonly ListedPackage[] {
  const seen = new Map<string, number>()
  return packages.toSorted(newestFirst).filter(({created, reference}) => {
    const repository = repositoryOf(reference)
    const newer = seen.get(repository) ?? 0
    seen.set(repository, newer + 1)
    if (newer < keep) return false
    if (olderThanMilliseconds === undefined) return true
    return created !== null && now.getTime() - Date.parse(created) > olderThanMilliseconds
  })
}
