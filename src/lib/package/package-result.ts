import {formatReference, type Digest} from '../reference/reference.js'
import {shellLine} from '../terminal/text.js'
import type {PlannedSync} from '../sync/barrier/barrier.js'
import type {Destinations, Project} from './target/naming.js'
import type {Verification} from './verify/verification.js'

/** A mount in a plan or a result. */
export interface PackagedMount {
  readonly destination: string
  readonly type: string
  /** Bytes of its files; null where it was not read. */
  readonly bytes: number | null
  readonly included: boolean
  /** Why it stays out. */
  readonly reason: string | null
  /** The flag that takes it in after all. */
  readonly flag: string | null
}

/** What is known before anything happens. */
export interface PackagePlan {
  readonly container: string
  readonly destinations: Destinations
  readonly project: Project
  readonly mounts: readonly PackagedMount[]
  /** Whether the mounts were measured to their end. */
  readonly measured: boolean
  /** Names in the environment that the image of the container does not have, or has with another value. */
  readonly addedEnvironment: readonly string[]
  readonly push: boolean
  /** What is going to be done about the syncs into the container before it is read. */
  readonly syncs: readonly PlannedSync[]
}

/** What was made, or with a dry run what would be. */
export interface PackageOutcome {
  /** Id of the image in the local engine; undefined when it was not given it. */
  readonly image?: string
  /** Of each destination that was pushed. */
  readonly digests?: readonly (Digest | undefined)[]
  readonly layers: number
  readonly bytes: number
  readonly entries: number
  readonly pausedMilliseconds: number
  /** When all syncs were clean, as ISO 8601. */
  readonly synced?: string | undefined
  readonly warnings?: readonly string[]
  /** Undefined when the image was not checked. */
  readonly verification?: Verification | undefined
}

/** What `--json` prints; scripts can rely on these fields. */
export interface PackageResult {
  readonly reference: string
  /** `name:tag@digest`; null until pushed. */
  readonly pinned: string | null
  /** Null until pushed. */
  readonly digest: string | null
  readonly image: string | null
  /** Registry and repository. */
  readonly name: string
  readonly tags: readonly string[]
  readonly container: string
  readonly folder: string | null
  readonly branch: string | null
  readonly commit: string | null
  readonly dirty: boolean | null
  readonly mounts: readonly PackagedMount[]
  readonly layers: number
  /** Of the whole image, uncompressed; with a dry run, of what would be added to the container's image. */
  readonly bytes: number
  /** Files recorded from the mounts. */
  readonly entries: number
  readonly pausedMilliseconds: number
  /** The syncs into the container. */
  readonly syncs: readonly PlannedSync[]
  /** When all of them were clean, just before the container was read, as ISO 8601; null where they were not, or are none. */
  readonly synced: string | null
  /** What may be missing in the package, or more in it than ought to be, because of a sync: sentences. */
  readonly warnings: readonly string[]
  /** Null without `--verify`. */
  readonly verification: Verification | null
  readonly pushed: boolean
  /** The line a reviewer pastes. */
  readonly run: string
  readonly addedEnvironment: readonly string[]
}

/** Puts plan and outcome together as scripts get them. */
export function packageResult(plan: PackagePlan, outcome: PackageOutcome): PackageResult {
  const {destinations, project} = plan
  const digests = outcome.digests ?? []
  const pushedAt = digests.findIndex((digest) => digest !== undefined)
  const shown = (destinations[pushedAt] ?? destinations[0]).reference
  const digest = digests[pushedAt]
  const reference = formatReference(shown)
  const pinned = digest === undefined ? null : formatReference({...shown, digest})
  const runLine =
    pinned === null
      ? ['keg', 'docker', 'package', 'run', '--pull', 'never', reference]
      : ['keg', 'docker', 'package', 'run', pinned]
  return {
    reference,
    pinned,
    digest: digest ?? null,
    image: outcome.image ?? null,
    name: formatReference({registry: shown.registry, repository: shown.repository}),
    tags: destinations.map(({reference: {tag}}) => tag),
    container: plan.container,
    folder: project.folder ?? null,
    branch: project.branch ?? null,
    commit: project.commit ?? null,
    dirty: project.repository?.dirty ?? null,
    mounts: plan.mounts,
    layers: outcome.layers,
    bytes: outcome.bytes,
    entries: outcome.entries,
    pausedMilliseconds: outcome.pausedMilliseconds,
    syncs: plan.syncs,
    synced: outcome.synced ?? null,
    warnings: outcome.warnings ?? [],
    verification: outcome.verification ?? null,
    pushed: digest !== undefined,
    run: shellLine(runLine),
    addedEnvironment: plan.addedEnvironment,
  }
}
