import {formatReference, type Digest} from '../../reference/reference.js'
import {commandLine, shareableLine} from '../../terminal/command-line.js'
import {count, formatBytes, formatDuration, printable} from '../../terminal/text.js'
import {packageResult, type PackageOutcome, type PackageResult} from '../package-result.js'
import type {PackagePlan} from '../plan/package-plan.js'
import type {TakenTag} from '../target/check-tags.js'
import type {SourceNames} from '../target/package-source.js'

/** A service in a package of a compose project. */
export interface PackagedService extends Pick<
  PackageResult,
  | 'container'
  | 'mounts'
  | 'layers'
  | 'bytes'
  | 'entries'
  | 'pausedMilliseconds'
  | 'syncs'
  | 'synced'
  | 'notCarried'
  | 'verification'
  | 'writers'
  | 'addedEnvironment'
  | 'settings'
  | 'secrets'
  | 'excluded'
> {
  /** Its name in the compose file. */
  readonly service: string
  /** Its own image, `name@digest`, which docker can pull; null until pushed. */
  readonly reference: string | null
  /** Of its manifest; null until pushed. */
  readonly digest: string | null
}

/** What `--json` prints for a compose project; scripts can rely on these fields. */
export interface ProjectResult extends Pick<
  PackageResult,
  'reference' | 'pinned' | 'digest' | 'name' | 'tags' | 'folder' | 'branch' | 'commit' | 'dirty'
> {
  /** Name of the compose project. */
  readonly project: string
  /** By name. */
  readonly services: readonly PackagedService[]
  /** How long the container that was paused the longest was paused. */
  readonly pausedMilliseconds: number
  /** From the first container that was paused to the last one. */
  readonly spreadMilliseconds: number
  /** Names of the package that something else had. */
  readonly replaces: readonly TakenTag[]
  /** Whether it is in a registry now: false with a dry run. */
  readonly pushed: boolean
  /** What may be missing in the package, or in it but not in the containers: sentences. */
  readonly warnings: readonly string[]
  /** The command for a reviewer. */
  readonly run: string
}

/** A service that was planned, and what became of it. */
export interface ServiceOutcome {
  readonly service: string
  readonly plan: PackagePlan
  readonly outcome: PackageOutcome
  /** Of its manifest; undefined until pushed. */
  readonly digest: Digest | undefined
}

/** What is known of a project package in the end. */
export interface ProjectOutcome {
  readonly project: string
  readonly names: SourceNames
  readonly services: readonly ServiceOutcome[]
  /** Of the index, for each destination; undefined with a dry run. */
  readonly digests: readonly Digest[] | undefined
  readonly spreadMilliseconds: number
  readonly replaces: readonly TakenTag[]
  readonly warnings: readonly string[]
}

/** Combines the parts for scripts. */
export function projectResult({digests, names, project, services, ...rest}: ProjectOutcome): ProjectResult {
  const {destinations, project: git} = names
  const {reference} = destinations[0]
  const digest = digests?.[0]
  const {registry, repository} = reference
  const pinned = digest === undefined ? null : formatReference({...reference, digest})
  const parts = services.map((service) =>
    packagedService(service, (own) => formatReference({registry, repository, digest: own})),
  )
  return {
    ...rest,
    project,
    reference: formatReference(reference),
    pinned,
    digest: digest ?? null,
    name: formatReference({registry, repository}),
    tags: destinations.map(({reference: {tag}}) => tag),
    folder: git.folder ?? null,
    branch: git.branch ?? null,
    commit: git.commit ?? null,
    dirty: git.repository?.dirty ?? null,
    services: parts,
    pausedMilliseconds: Math.max(...parts.map(({pausedMilliseconds}) => pausedMilliseconds)),
    pushed: digest !== undefined,
    run:
      pinned === null
        ? commandLine`keg docker package run ${formatReference(reference)}`
        : shareableLine`keg docker package run ${pinned}`,
  }
}

function packagedService(
  {digest, outcome, plan, service}: ServiceOutcome,
  referenceOf: (digest: Digest) => string,
): PackagedService {
  const {container, mounts, layers, bytes, entries, pausedMilliseconds, ...more} = packageResult(plan, outcome)
  const {syncs, synced, notCarried, verification, writers, addedEnvironment, settings, secrets, excluded} = more
  return {
    ...{service, container, reference: digest === undefined ? null : referenceOf(digest), digest: digest ?? null},
    ...{mounts, layers, bytes, entries, pausedMilliseconds, syncs, synced, notCarried, verification, writers},
    ...{addedEnvironment, settings, secrets, excluded},
  }
}

/** The text for people at the end. */
export function projectText(result: ProjectResult): string {
  const {pausedMilliseconds, pinned, project, pushed, reference, services, spreadMilliseconds} = result
  const rows = services.map(
    ({bytes, layers, service}) => `  ${service}: ${count(layers, 'layer')}, ${formatBytes(bytes)}`,
  )
  if (!pushed)
    return [`Nothing was changed. ${reference} would have ${count(services.length, 'service')} of ${project}:`, ...rows]
      .map((line) => printable(line))
      .join('\n')
  const pause =
    pausedMilliseconds === 0
      ? ''
      : `, paused for ${formatDuration(pausedMilliseconds)}, ${formatDuration(spreadMilliseconds)} from the first to the last`
  return [
    `Pushed ${pinned ?? reference} (${count(services.length, 'service')} of ${project}${pause})`,
    ...rows,
    '',
    'A reviewer runs it with:',
    `  ${result.run}`,
  ]
    .map((line) => printable(line))
    .join('\n')
}
