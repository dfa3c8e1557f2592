import {isDigest} from '../../reference/reference.js'
import type {CapturedContainer} from '../capture/capture-package.js'
import {excludedLabel} from '../../image/labels.js'
import type {PackagePlan} from '../plan/package-plan.js'
import type {PackageSource} from '../target/package-source.js'
import type {WritePackageOptions} from './write-package.js'
import type {Writer} from '../content/model.js'
import type {Work} from '../../work/work.js'

/** What is known of a package once its container is captured. */
export interface PackageFactsOptions {
  readonly plan: PackagePlan
  readonly source: Pick<PackageSource, 'base' | 'container' | 'owner' | 'service'>
  readonly capture: Pick<CapturedContainer, 'content' | 'excludedPaths' | 'synced'>
  /** Other containers that may have written to the mounts in the meantime. */
  readonly writers: readonly Writer[]
}

/** What a package's labels say, as far as it is known before the package is written. */
export function factsOf(
  {run}: Pick<Work, 'run'>,
  {capture, plan, source, writers}: PackageFactsOptions,
): WritePackageOptions['facts'] {
  const {base, container, owner, service} = source
  const {author, destinations, excluded, message, project, settings} = plan
  const baseDigest = base.RepoDigests?.[0]?.split('@')[1]
  return {
    run,
    container: owner.container,
    service,
    author: author ?? project.repository?.author,
    message,
    branch: project.branch,
    commit: project.commit,
    dirty: project.repository?.dirty,
    source: project.repository?.remote,
    version: destinations[0].reference.tag,
    baseName: container.Config.Image,
    baseDigest: baseDigest !== undefined && isDigest(baseDigest) ? baseDigest : undefined,
    settings,
    synced: capture.synced,
    excluded: excludedLabel(capture.excludedPaths, excluded.environment),
    replaced: capture.content.replaced,
    writers,
  }
}
