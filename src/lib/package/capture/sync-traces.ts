import {posix} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {CHANGE, GO_MODE, type ContainerDetails} from '../../engine/types.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {placed} from '../mount/mount-layer.js'
import {isWithin} from '../mount/mount-rules.js'
import {destinationsOf} from '../mount/mount-selection.js'
import type {OwnerMap} from './owner-map.js'
import {DATA_FOLDER, mayBeTrace, tracesAmong} from './trace-names.js'

/** A folder or file that a sync made for itself in a container's own layer, with the owner that it has there. */
export interface SyncTrace {
  /** Absolute; no symlinks lead to it. */
  readonly path: string
  readonly header: TarHeader
}

/**
 * Finds what syncs made for themselves in a container's own layer, by the engine's list of changes: in what its image brought
 * along nothing is looked for.
 * @returns paths
 */
export async function findTraces(engine: Engine, container: ContainerDetails, signal: AbortSignal): Promise<string[]> {
  const changes = await engine.changes(container.Id, signal)
  // Names that are no UTF-8 are lost in the list.
  const there = changes.filter(({Kind, Path}) => Kind !== CHANGE.deleted && !Path.includes('\uFFFD'))
  const paths = there.map(({Path}) => Path)
  // Of a folder that the image has too, the list names only what changed.
  for (const {Kind, Path} of there)
    if (Kind === CHANGE.changed && posix.basename(Path) === DATA_FOLDER)
      for await (const {header} of readTar(await engine.archive(container.Id, Path, signal)))
        paths.push(`${posix.dirname(Path)}/${bytesToText(header.path)}`.replace(/^\/\//, '/'))
  const mounts = destinationsOf(container)
  return tracesAmong(paths).filter((path) => !mounts.some((mount) => isWithin(mount, path) || isWithin(path, mount)))
}

/**
 * Finds what syncs made for themselves in a mount.
 * @param archive the engine's, of a mount that is at `root` in the container
 */
export async function findTracesInMount(archive: AsyncIterable<Buffer>, root: string): Promise<string[]> {
  const asBytes = textToBytes(root.slice(1))
  const paths: string[] = []
  for await (const {header} of readTar(archive)) {
    if (!mayBeTrace(header.path) && !root.includes(DATA_FOLDER)) continue
    const path = `/${bytesToText(placed(header.path, asBytes))}`
    if (header.type === 'directory' || !isDataFolder(path)) paths.push(path)
  }
  return tracesAmong(paths, root)
}

/** Looks at traces as they are now; those that are gone or are something else than a folder or file are left out. */
export async function lookAtTraces(
  engine: Engine,
  container: ContainerDetails,
  paths: readonly string[],
  owners: OwnerMap,
): Promise<SyncTrace[]> {
  const traces: SyncTrace[] = []
  for (const path of paths) {
    if (!(await isPlain(engine, container, path))) continue
    for await (const {header} of readTar(await engine.archive(container.Id, path))) {
      const isTrace = header.type === 'directory' || (header.type === 'file' && !isDataFolder(path))
      if (isTrace) traces.push({path, header: await owners.owned(header)})
      break
    }
  }
  return traces
}

/**
 * Empties folders and files of a sync, so that the engine's commit does not take along what is in them. No program of the
 * container is needed: the engine puts a file in the place of the folder, and a new folder in the place of that. Only while the
 * container stands still, and no agent is at work in it; Mutagen brings its agent again when it connects.
 * @returns paths of what the engine did not empty
 */
export async function emptyTraces(
  engine: Engine,
  container: ContainerDetails,
  traces: readonly SyncTrace[],
): Promise<string[]> {
  const left: string[] = []
  for (const trace of traces) {
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

/** Only a folder is Mutagen's; a file of that name is somebody's. */
function isDataFolder(path: string): boolean {
  return posix.basename(path) === DATA_FOLDER
}

function emptyTar({header, path}: SyncTrace): Buffer {
  const name = textToBytes(posix.basename(path))
  const file = encodeHeader({...header, path: name, type: 'file', size: 0, link: ''})
  const folder = encodeHeader({...header, path: name})
  return Buffer.concat([file, ...(header.type === 'directory' ? [folder] : []), END_OF_TAR])
}

/** Neither a symlink, which leads elsewhere, nor anything that only seems to be a file. */
async function isPlain(engine: Engine, {Id}: ContainerDetails, path: string): Promise<boolean> {
  const stat = await engine.pathStat(Id, path)
  const {device, namedPipe, socket, symlink} = GO_MODE
  return stat !== undefined && (stat.mode & (device | namedPipe | socket | symlink)) === 0
}

/**
 * Whether an agent of a sync is at work in a container, whoever made that sync, as the engine's machine lists its processes. The
 * agent of a session that was just paused needs a moment to end.
 * @returns undefined where the engine cannot list them
 */
export async function hasAgentAtWork(
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
      if (!processes.some((line) => AGENT_AT_WORK.test(line))) return false
      if (Date.now() > until) return true
      await sleep(AGAIN_MILLISECONDS)
    }
  } catch (error) {
    if (error instanceof EngineError) return undefined
    throw error
  }
}

const AGENT_AT_WORK = /mutagen-agent(?:\.exe)? (?:synchronizer|forwarder)\b/
const AGAIN_MILLISECONDS = 100
