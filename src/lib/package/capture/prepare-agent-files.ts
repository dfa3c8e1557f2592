import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import type {ContainerSyncs} from '../../container/sync/container-syncs.js'
import {IdMap} from '../../container/helper/id-map.js'
import {findAgentFiles, hasRunningAgent, readAgentFiles, type AgentFile} from './agent-files.js'
import {listChanges} from './list-changes.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What is known of a container and its syncs. */
export interface PrepareAgentFilesOptions {
  readonly container: ContainerDetails
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly syncs: ContainerSyncs
  /** Agent files that were found when the syncs were first checked. */
  readonly known: readonly string[]
}

/** Agent files in a container's writable layer. */
export interface PreparedAgentFiles {
  /** All of them, to be hidden in the package. */
  readonly paths: readonly string[]
  readonly toEmpty: readonly AgentFile[]
  /** Paths that somebody is using. */
  readonly toLeave: readonly string[]
}

/** How long to wait for the agent of a session that was just paused, in milliseconds. */
const AGENT_TIMEOUT = 3000

/** Finds the agent files in a container, and whether somebody is using them now. */
export async function prepareAgentFiles(work: EngineWork, from: PrepareAgentFilesOptions): Promise<PreparedAgentFiles> {
  const {engine, signal} = work
  const {base, container, known, syncs} = from
  const paths = syncs.mayHaveNewAgent
    ? await findAgentFiles(work, container, listChanges(engine, container.Id, signal))
    : known
  if (paths.length === 0) return {paths, toEmpty: [], toLeave: []}
  const patience = syncs.hasActiveUnmanaged ? 0 : AGENT_TIMEOUT
  const isRunning = await hasRunningAgent(engine, container, {patience, signal})
  // If the engine cannot tell, rely on what is known about the sessions.
  if (isRunning ?? (syncs.isUnknown || syncs.hasActiveUnmanaged)) return {paths, toEmpty: [], toLeave: paths}
  const owners = await IdMap.of(work, {like: base})
  const toEmpty = await readAgentFiles(engine, container, paths, owners)
  return {paths: toEmpty.map(({path}) => path), toEmpty, toLeave: []}
}
