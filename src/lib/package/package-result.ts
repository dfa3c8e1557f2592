import {formatReference, type Digest} from '../reference/reference.js'
import {commandLine, shareableLine} from '../terminal/command-line.js'
import type {PlannedSync} from '../container/sync/container-syncs.js'
import type {RunSettings} from '../image/run-settings.js'
import type {PauseMode} from './capture/pause-mode.js'
import type {PackagedMount, PackageExclusions, PackagePlan} from './plan/package-plan.js'
import type {OutputTarget} from '../image/file/output-file.js'
import type {TimedStage} from '../terminal/stage-times.js'
import type {TakenTag} from './target/check-tags.js'
import type {EngineReason, Way} from './target/model.js'
import type {OtherService} from './target/other-services.js'
import type {ExcludablePart} from './exclude/excludable-parts.js'
import type {PackagedSecret} from './secret/secret-gate.js'
import type {Verification} from './verify/verification.js'
import type {Writer} from './content/model.js'

/** What was made, or would be in a dry run. */
export interface PackageOutcome {
  /** Id of the image in the local engine; undefined if it was not created there. */
  readonly image?: string | undefined
  /** Bytes of the file; undefined without one. */
  readonly fileBytes?: number | undefined
  /** For each destination that was pushed. */
  readonly digests?: readonly (Digest | undefined)[]
  readonly layers: number
  readonly bytes: number
  readonly entries: number
  readonly pausedMilliseconds?: number
  /** What took the longest. */
  readonly slowest?: TimedStage | undefined
  /** When all syncs were clean, as ISO 8601. */
  readonly synced?: string | undefined
  /** Paths of sockets, which no image contains, as they are shown. */
  readonly notCarried?: readonly string[]
  readonly warnings?: readonly string[]
  /** Undefined when the image was not verified. */
  readonly verification?: Verification | undefined
}

/** What `--json` prints; scripts can rely on these fields. */
export interface PackageResult {
  /** Its first name: `registry/namespace/name:tag`. */
  readonly reference: string
  /** `name:tag@digest`; null until pushed. */
  readonly pinned: string | null
  /** Null until pushed. */
  readonly digest: string | null
  /**
   * Id of the image in the local engine; null if it was not created there: with `--output`, and if keg sent it straight
   * into a registry, unless `--load` is given.
   */
  readonly image: string | null
  /** Registry and repository. */
  readonly name: string
  /** All its tags. */
  readonly tags: readonly string[]
  /** Name of the container that was packaged. */
  readonly container: string
  /** The folder that the container belongs to; null if there is none. */
  readonly folder: string | null
  /** The git branch there; null without git. */
  readonly branch: string | null
  /** The commit checked out there; null without git. */
  readonly commit: string | null
  /** Whether there were uncommitted changes; null without git. */
  readonly dirty: boolean | null
  /** All mounts of the container, included or not. */
  readonly mounts: readonly PackagedMount[]
  /** How many layers it has. */
  readonly layers: number
  /**
   * Of the whole image, uncompressed, whatever the engine's image store. In a dry run an estimate, as are layers and entries.
   */
  readonly bytes: number
  /** Files recorded from the mounts. */
  readonly entries: number
  /** How long the container was paused. */
  readonly pausedMilliseconds: number
  /** Until when: until its mounts were recorded (`short`), or until all was sent (`stream`). */
  readonly pause: PauseMode
  /** The syncs into the container. */
  readonly syncs: readonly PlannedSync[]
  /** When all of them were clean, just before the container was read, as ISO 8601; null if they were not, or there are none. */
  readonly synced: string | null
  /** Files of the container that no image contains: absolute paths of sockets, as far as they could be found. */
  readonly notCarried: readonly string[]
  /** What may be missing in the package, or in it but not in the container: sentences. */
  readonly warnings: readonly string[]
  /** Null without `--verify`. */
  readonly verification: Verification | null
  /** Names of the package that something else had. */
  readonly replaces: readonly TakenTag[]
  /** Other containers that ran, and so may have written to the mounts while they were read, or that keg paused meanwhile. */
  readonly writers: readonly Writer[]
  /** The other services of its compose project, which are not in it. */
  readonly otherServices: readonly OtherService[]
  /** The file that it was written to, as an absolute path; null without `--output`. */
  readonly file: string | null
  /** Bytes of that file; null without `--output`, and with a dry run. */
  readonly fileBytes: number | null
  /** Whether it is in a registry now. */
  readonly pushed: boolean
  /** Who pushes it: the `engine`, or keg itself, straight into the `registry`; null if it is not pushed. */
  readonly via: Way | null
  /**
   * Why the engine pushes it: as `--via` says (`given`), because it is on another machine (`engine-elsewhere`), because keg
   * cannot reach a registry (`registry-unreachable`), or because it would have to export an image much larger than the mounts
   * (`image-larger`); null if it does not.
   */
  readonly viaReason: EngineReason['kind'] | null
  /** What took the longest; null with a dry run. */
  readonly slowest: TimedStage | null
  /** The command for a reviewer. */
  readonly run: string
  /** Names of environment variables that the container has, but not its base image. */
  readonly addedEnvironment: readonly string[]
  /** How the container was run, beyond what an image can contain. */
  readonly settings: RunSettings
  /** Files that look like secrets, in mounts and in what the container changed. */
  readonly secrets: readonly PackagedSecret[]
  /** What `--exclude`, `--exclude-env` and `.kegignore` kept out. */
  readonly excluded: PackageExclusions
  /** The largest parts of the mounts that a project could do without, with the flag that excludes each. */
  readonly excludable: readonly ExcludablePart[]
}

/** Combines plan and outcome for scripts. */
export function packageResult(plan: PackagePlan, outcome: PackageOutcome): PackageResult {
  const {destinations, project} = plan
  const target = plan.output?.target
  const digests = outcome.digests ?? []
  const pushedAt = digests.findIndex((digest) => digest !== undefined)
  const shown = (destinations[pushedAt] ?? destinations[0]).reference
  const digest = digests[pushedAt]
  const reference = formatReference(shown)
  const pinned = digest === undefined ? null : formatReference({...shown, digest})
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
    pausedMilliseconds: outcome.pausedMilliseconds ?? 0,
    pause: plan.pause,
    syncs: plan.syncs,
    synced: outcome.synced ?? null,
    notCarried: outcome.notCarried ?? [],
    warnings: outcome.warnings ?? [],
    verification: outcome.verification ?? null,
    replaces: plan.replaces,
    writers: plan.writers,
    otherServices: plan.otherServices,
    file: target?.kind === 'file' ? target.place : null,
    fileBytes: outcome.fileBytes ?? null,
    pushed: digest !== undefined,
    via: plan.way.via ?? null,
    viaReason: plan.way.reason?.kind ?? null,
    slowest: outcome.slowest ?? null,
    run: runLine(reference, pinned, target),
    addedEnvironment: plan.addedEnvironment,
    settings: plan.settings,
    secrets: plan.secrets,
    excluded: plan.excluded,
    excludable: plan.excludable,
  }
}

function runLine(reference: string, pinned: string | null, target: OutputTarget | undefined): string {
  if (pinned !== null) return shareableLine`keg docker package run ${pinned}`
  if (target?.kind === 'file') return shareableLine`keg docker package run ${target.path}`
  // Whoever reads standard output gives it a name.
  if (target !== undefined) return shareableLine`keg docker package run FILE`
  return commandLine`keg docker package run --pull never ${reference}`
}
