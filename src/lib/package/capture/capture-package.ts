import {printable} from '../../terminal/text.js'
import {reportContents, type ContentReport} from '../content/content-report.js'
import {excludeFrom} from '../exclude/excluded-capture.js'
import {destinationsOf} from '../mount/mount-selection.js'
import {checkLayerCount} from '../plan/layer-limit.js'
import type {PackageContext} from '../plan/package-context.js'
import type {PackagePlan} from '../plan/package-plan.js'
import {mountBytes} from '../plan/plan-package.js'
import {Capture, type TakenCapture} from './capture.js'
import {ContainerLocks} from './container-locks.js'
import type {Moment} from './moment.js'
import {findMountSockets} from './mount-sockets.js'
import {openCommit} from './open-commit.js'
import {prepareAgentFiles, type PreparedAgentFiles} from './prepare-agent-files.js'
import type {ExcludedCapture} from '../exclude/model.js'
import {shownName} from '../../container/container-name.js'
import {excludedMounts, warnOfUnused} from '../exclude/find-exclusions.js'

/** A container at one moment, without what is excluded, and what to report about it. Removed by the work's cleanup. */
export interface CapturedContainer {
  readonly parts: ExcludedCapture
  /** Paths of agent files in the writable layer. */
  readonly agentPaths: readonly string[]
  /** The topmost excluded paths. */
  readonly excludedPaths: readonly string[]
  readonly content: ContentReport
  /** When all syncs were clean, as ISO 8601. */
  readonly synced: string | undefined
  /** Paths of sockets in the mounts; the search runs in the background. */
  readonly findingSockets: Promise<readonly string[]>
}

/** A capture, and what was made of it. */
export interface PackageCapture<Made> extends CapturedContainer {
  readonly made: Made
  readonly pausedMilliseconds: number
  /** Resolves when the syncs are resumed and the next keg may lock the container. */
  readonly resuming: Promise<void>
}

/** A container that is ready to be paused and read: locked, its syncs settled. */
export interface PreparedCapture {
  readonly plan: PackagePlan
  readonly context: PackageContext
  readonly agentFiles: PreparedAgentFiles
  /** Resumes the syncs, and lets the next keg lock the container. */
  readonly resume: () => Promise<void>
}

/**
 * Prepares to read a container: takes its lock, and flushes and pauses the syncs into it. The work's cleanup undoes all of it.
 * @throws RefusedError `sync-unclean`; FailedError `layers-too-many`
 */
export async function prepareCapture(plan: PackagePlan, context: PackageContext): Promise<PreparedCapture> {
  const {included, source, work, writers} = context
  const {base, container} = source
  const {cleanup, signal} = work
  const syncs = await source.findingSyncs
  const locks = cleanup.use(
    await ContainerLocks.take(work, {
      container,
      others: await writers.decide(work.prompt),
      image: context.emptyImage.id,
      sessions: () => syncs.toPause(signal),
    }),
  )
  // Resumed before the lock is released, which would tell the next keg about them.
  cleanup.use(syncs)
  await syncs.settle(work)
  const agentFiles = await prepareAgentFiles(work, {container, base, syncs, known: plan.agentFiles.paths})
  checkLayerCount(container, base, {mounts: included.length, hasAgentFiles: agentFiles.paths.length > 0})
  return {plan, context, agentFiles, resume: () => syncs.resume().then(() => locks.release())}
}

/**
 * Captures a prepared container: pauses it while its writable layer and its mounts are read, looks for secrets once more, and removes
 * what is excluded. Whatever was paused is resumed, even after a failure.
 * @param make makes the image, and verifies it: once the container is unpaused, or before, if nothing is recorded
 * @param moment that it has in common with other containers
 * @throws RefusedError `secret-found`; FailedError `cancelled`, and what Capture.take throws
 */
export async function takeCapture<Made>(
  {agentFiles, context, plan, resume}: PreparedCapture,
  make: (capture: CapturedContainer) => Promise<Made>,
  moment?: Moment,
): Promise<PackageCapture<Made>> {
  const makeOf = async (capture: Capture): Promise<CapturedContainer & {readonly made: Made}> => {
    const captured = await capturedContainer(plan, context, capture, agentFiles)
    return {...captured, made: await make(captured)}
  }
  let madeWhilePaused: Awaited<ReturnType<typeof makeOf>> | undefined
  const {capture, pausedMilliseconds} = await read({plan, context, agentFiles, moment}, async (taken) => {
    madeWhilePaused = await makeOf(taken)
  })
  // Runs while the image is written. The next keg may read the container once the syncs are resumed.
  const resuming = resume()
  resuming.catch(() => undefined)
  return {...(madeWhilePaused ?? (await makeOf(capture))), pausedMilliseconds, resuming}
}

/** A capture without what is excluded, after the last look for secrets, and what to report about it. */
async function capturedContainer(
  plan: PackagePlan,
  context: PackageContext,
  capture: Capture,
  agentFiles: PreparedAgentFiles,
): Promise<CapturedContainer> {
  const {contents, excluded, included, mounts, secrets, source, work, writers} = context
  const {base, container, output} = source
  const {cleanup, signal, warn} = work
  const syncs = await source.findingSyncs
  const destinations = included.map(({destination}) => destination)
  const recorded = destinations.map((destination, at) => ({destination, recording: capture.recordings[at]}))
  await secrets.searchRecorded(recorded, capture.changes)
  await secrets.ask()
  const commit = await openCommit(work, {
    image: capture.image,
    base,
    changes: capture.changes,
    mounts,
    hasExclusions: !excluded.isEmpty,
    isWritten: output && ((diffId) => output.since?.diffIds.has(diffId) !== true),
  })
  const parts = cleanup.use(
    await excludeFrom(work, {
      capture,
      commit,
      base,
      patterns: excluded,
      ...{recorded: destinations, destinations: destinationsOf(container)},
    }),
  )
  const excludedPaths = [...new Set([...excludedMounts(mounts, excluded), ...parts.paths])].sort()
  warnOfUnused(work, {
    ...{flags: plan.wantedExclusions, paths: excludedPaths, links: parts.links, linkedMounts: excluded.linkedMounts},
    ...{environment: plan.excluded.environment, container},
  })
  const findingSockets = findMountSockets(container, included, signal)
  findingSockets.catch(() => undefined)
  if (agentFiles.toLeave.length > 0)
    warn(
      `A sync that keg could not pause is active in ${shownName(container)}. ${hiddenOnlyWarning(agentFiles.toLeave)}`,
    )
  if (capture.agentFiles.length > 0)
    warn(
      `The engine could not empty the files of a sync's agent in ${shownName(container)}. ${hiddenOnlyWarning(capture.agentFiles)}`,
    )
  const content = reportContents(contents, [...destinations].sort(), plan.container)
  for (const text of [...content.warnings, ...writers.warnings]) warn(text)
  return {
    ...{parts, agentPaths: agentFiles.paths, excludedPaths, content, findingSockets},
    synced: syncs.synced,
  }
}

/** Reads the container. The work's cleanup disposes of the capture. @param whilePaused called if nothing is to be recorded */
async function read(
  {agentFiles, context, moment, plan}: Omit<PreparedCapture, 'resume'> & {readonly moment: Moment | undefined},
  whilePaused: (capture: Capture) => Promise<void>,
): Promise<TakenCapture> {
  const {contents, included, source, work, writers} = context
  const destinations = included.map(({destination}) => destination).sort()
  const taken = await Capture.take(work, {
    container: source.container,
    mounts: included,
    writers,
    onPaused: () => contents.recheck(destinations),
    recordsWritableLayer: plan.verify,
    agentFiles: agentFiles.toEmpty,
    expectedBytes: mountBytes(plan),
    whilePaused: plan.pause === 'stream' ? whilePaused : undefined,
    moment,
  })
  work.cleanup.use(taken.capture)
  return taken
}

function hiddenOnlyWarning(paths: readonly string[]): string {
  const list = paths.map((path) => printable(path)).join(', ')
  return `Its files (${list}) are hidden in the package, but their data is in a layer.`
}
