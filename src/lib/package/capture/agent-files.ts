import {posix} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {CHANGE, GO_MODE, type ContainerDetails} from '../../engine/types.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {placed} from '../../image/layer/mount-layer.js'
import {destinationsOf} from '../mount/mount-selection.js'
import type {Change} from '../../container/container-changes.js'
import type {IdMap} from '../../container/helper/id-map.js'
import {DATA_FOLDER, mayBeAgentFile, agentFilesAmong} from './agent-file-names.js'
import {isWithin} from '../../tar/path.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A folder or file that a sync created for itself in a container's writable layer, with its owner there. */
export interface AgentFile {
  /** Absolute, without symlinks. */
  readonly path: string
  readonly header: TarHeader
}

/**
 * Finds the agent files in a container's writable layer, using the engine's list of changes. Files that come from the image
 * do not count.
 * @param listing that list
 * @returns paths
 */
export async function findAgentFiles(
  {engine, signal}: Pick<EngineWork, 'engine' | 'signal'>,
  container: ContainerDetails,
  listing: Promise<readonly Change[]>,
): Promise<string[]> {
  const changes = await listing
  // The list garbles names that are not UTF-8.
  const there = changes.filter(({Kind, Path}) => Kind !== CHANGE.deleted && !Path.includes('\uFFFD'))
  const paths = there.map(({Path}) => Path)
  // For a folder that the image has too, the list names only what changed.
  for (const {Kind, Path} of there)
    if (Kind === CHANGE.changed && posix.basename(Path) === DATA_FOLDER)
      for await (const {header} of readTar(await engine.archive(container.Id, Path, signal)))
        paths.push(`${posix.dirname(Path)}/${bytesToText(header.path)}`.replace(/^\/\//, '/'))
  const mounts = destinationsOf(container)
  return agentFilesAmong(paths).filter(
    (path) => !mounts.some((mount) => isWithin(mount, path) || isWithin(path, mount)),
  )
}

/**
 * Finds agent files in a mount.
 * @param archive the engine's archive of the mount, which is at `root` in the container
 */
export async function findAgentFilesInMount(archive: AsyncIterable<Buffer>, root: string): Promise<string[]> {
  const asBytes = textToBytes(root.slice(1))
  const paths: string[] = []
  for await (const {header} of readTar(archive)) {
    if (!mayBeAgentFile(header.path) && !root.includes(DATA_FOLDER)) continue
    const path = `/${bytesToText(placed(header.path, asBytes))}`
    if (header.type === 'directory' || !isDataFolder(path)) paths.push(path)
  }
  return agentFilesAmong(paths, root)
}

/** Reads the current state of agent files. Leaves out what is gone, or is neither a folder nor a file. */
export async function readAgentFiles(
  engine: Engine,
  container: ContainerDetails,
  paths: readonly string[],
  owners: IdMap,
): Promise<AgentFile[]> {
  const agentFiles: AgentFile[] = []
  for (const path of paths) {
    if (!(await isPlain(engine, container, path))) continue
    for await (const {header} of readTar(await engine.archive(container.Id, path))) {
      const isAgentFile = header.type === 'directory' || (header.type === 'file' && !isDataFolder(path))
      if (isAgentFile) agentFiles.push({path, header: await owners.owned(header)})
      break
    }
  }
  return agentFiles
}

/**
 * Empties agent files and folders, so that the engine's commit does not include their content. Needs no program in the container:
 * the engine replaces the folder by a file, and that by a new folder. Only while the container is paused and no agent runs in it.
 * Mutagen installs its agent again when it connects.
 * @returns paths that the engine did not empty
 */
export async function emptyAgentFiles(
  engine: Engine,
  container: ContainerDetails,
  agentFiles: readonly AgentFile[],
): Promise<string[]> {
  const left: string[] = []
  for (const trace of agentFiles) {
    try {
      if (await isPlain(engine, container, trace.path))
        await engine.unpack(container.Id, posix.dirname(trace.path), emptyTar(trace))
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      left.push(trace.path)
    }
  }
  return left
}

/** Only a folder is Mutagen's; a file of that name is not. */
function isDataFolder(path: string): boolean {
  return posix.basename(path) === DATA_FOLDER
}

function emptyTar({header, path}: AgentFile): Buffer {
  const name = textToBytes(posix.basename(path))
  const file = encodeHeader({...header, path: name, type: 'file', size: 0, link: ''})
  const folder = encodeHeader({...header, path: name})
  return Buffer.concat([file, ...(header.type === 'directory' ? [folder] : []), END_OF_TAR])
}

/** Whether it is a regular file or a folder, not a symlink, which leads elsewhere. */
async function isPlain(engine: Engine, {Id}: ContainerDetails, path: string): Promise<boolean> {
  const stat = await engine.pathStat(Id, path)
  const {device, namedPipe, socket, symlink} = GO_MODE
  return stat !== undefined && (stat.mode & (device | namedPipe | socket | symlink)) === 0
}

/**
 * Whether a sync agent runs in a container, whoever created the sync, according to the engine's process list. The agent of a
 * session that was just paused takes a moment to end.
 * @returns undefined if the engine cannot list processes
 */
export async function hasRunningAgent(
  engine: Engine,
  container: ContainerDetails,
  {patience, signal}: {readonly patience: number; readonly signal: AbortSignal},
): Promise<boolean | undefined> {
  const until = Date.now() + patience
  try {
    for (;;) {
      signal.throwIfAborted()
      if ((await engine.container(container.Id))?.State.Running !== true) return false
      const processes = await engine.processes(container.Id)
      if (!processes.some((line) => AGENT_COMMAND.test(line))) return false
      if (Date.now() > until) return true
      await sleep(POLL_MILLISECONDS)
    }
  } catch (error) {
    if (error instanceof EngineError) return undefined
    throw error
  }
}

const AGENT_COMMAND = /mutagen-agent(?:\.exe)? (?:synchronizer|forwarder)\b/
const POLL_MILLISECONDS = 100
