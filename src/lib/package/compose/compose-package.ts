import {notCarriedText} from '../capture/mount-sockets.js'
import type {CapturedContainer} from '../capture/capture-package.js'
import {excludedValues, withoutEnvironment} from '../exclude/environment.js'
import {withoutLabels} from '../../image/host-paths.js'
import {hiddenReason} from '../mount/mount-selection.js'
import type {PackageContext} from '../plan/package-context.js'
import type {PackagedMount, PackagePlan} from '../plan/package-plan.js'
import {writePackage, type WrittenPackage} from './write-package.js'
import {factsOf} from './package-facts.js'

/** An image that has no name yet. */
export interface ComposedPackage {
  readonly written: WrittenPackage
  /** The outcome for each mount. */
  readonly mounts: readonly PackagedMount[]
  /** Paths of sockets, which no image contains, as they are shown. */
  readonly notCarried: readonly string[]
}

/**
 * Composes the image of a capture, in the engine, in a file or in a registry: layers below, writable layer, mount layers, and
 * keg's own configuration.
 */
export async function composePackage(
  plan: PackagePlan,
  capture: CapturedContainer,
  context: PackageContext,
): Promise<ComposedPackage> {
  const {contents, included, mounts, source, work, writers} = context
  const {base, container, findingSyncs} = source
  const {warn} = work
  const {parts} = capture
  const syncs = await findingSyncs
  const anywhere = syncs.isUnknown || syncs.sessions.length > 0
  const {environment} = plan.excluded
  const written = await writePackage(work, {
    base,
    capture: parts,
    agentFiles: capture.agentPaths,
    container: withoutLabels(withoutEnvironment(container, environment), plan.labelsLeftOut),
    excludedValues: excludedValues(container, base, environment),
    mounts: mounts.map((mount) => ({
      ...mount,
      recording: parts.recordings[included.findIndex(({reader}) => reader === mount.reader)],
      mayHaveAgentFiles: anywhere || plan.agentFiles.mounts.includes(mount.destination),
    })),
    facts: factsOf(work, {plan, source, capture, writers: writers.unpaused}),
    output: plan.output,
    names: plan.destinations.map(({reference}) => reference),
    pushed: plan.destinations.flatMap(({reference, remote}) => (remote ? [reference] : [])),
    way: plan.way,
    pause: plan.pause,
    compressor: context.compressor,
  })
  for (const text of written.warnings) warn(text)
  const notCarried = [...written.sockets, ...(await capture.findingSockets)]
  if (notCarried.length > 0) warn(notCarriedText(notCarried))
  const origin = (destination: string): PackagedMount['content'] => contents.originOf(destination) ?? null
  return {written, mounts: plan.mounts.map((mount) => composedMount(mount, written, origin)), notCarried}
}

/** The outcome for a mount: only now is it known where symlinks lead, and another mount may cover it. */
function composedMount(
  planned: PackagedMount,
  {bytesOf, covered}: WrittenPackage,
  originOf: (destination: string) => PackagedMount['content'],
): PackagedMount {
  const {destination, included} = planned
  if (!included) return planned
  const by = covered.get(destination)
  if (by !== undefined) return {...planned, bytes: null, included: false, content: null, reason: hiddenReason(by)}
  return {...planned, content: originOf(destination), bytes: bytesOf.get(destination) ?? planned.bytes}
}
