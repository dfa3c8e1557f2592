import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import type {ContainerSyncs} from '../../sync/barrier/barrier.js'
import {OwnerMap} from './owner-map.js'
import {findTraces, hasAgentAtWork, lookAtTraces, type SyncTrace} from './sync-traces.js'

/** What is known of a container and its syncs. */
export interface PrepareTracesOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly run: string
  readonly syncs: ContainerSyncs
  /** What was found when the syncs were first looked at. */
  readonly early: readonly string[]
  readonly signal: AbortSignal
}

/** What syncs made for themselves in a container's own layer. */
export interface PreparedTraces {
  /** All of it, to be hidden in the package. */
  readonly paths: readonly string[]
  readonly toEmpty: readonly SyncTrace[]
  /** Paths of what somebody is at work with. */
  readonly toLeave: readonly string[]
}

/** How long the agent of a session that was just paused may take to end, in milliseconds. */
const AGENT_PATIENCE = 3000

/** Finds out what syncs made for themselves in a container, and whether somebody is at work with it now. */
export async function prepareTraces(from: PrepareTracesOptions): Promise<PreparedTraces> {
  const {base, container, early, engine, run, signal, syncs} = from
  const paths = syncs.mayHaveNewAgent ? await findTraces(engine, container, signal) : early
  if (paths.length === 0) return {paths, toEmpty: [], toLeave: []}
  const patience = syncs.hasOthersAtWork ? 0 : AGENT_PATIENCE
  const isAtWork = await hasAgentAtWork(engine, container, {patience, signal})
  // Where the engine cannot tell, what is known of the sessions has to do.
  if (isAtWork ?? (syncs.isBlind || syncs.hasOthersAtWork)) return {paths, toEmpty: [], toLeave: paths}
  const owners = await OwnerMap.of({engine, like: base, run, signal})
  const toEmpty = await lookAtTraces(engine, container, paths, owners)
  return {paths: toEmpty.map(({path}) => path), toEmpty, toLeave: []}
}
