import {statfs} from 'node:fs/promises'
import {hostname, tmpdir} from 'node:os'
import {commandLine} from '../terminal/command-line.js'
import {formatBytes, printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import {withoutEngine, type Connection} from './connection.js'

/** Below this, a package of ordinary size no longer fits. */
const MIN_SPACE = 1_000_000_000
/** Below this, a few packages fill it. */
const LOW_SPACE = 5_000_000_000

/** The folder where keg records mounts while it packages. */
export async function checkTemporaryFolder(): Promise<Finding> {
  const folder = tmpdir()
  return spaceFinding(folder, await freeBytes(folder), 'Free some space there, or set TMPDIR to another folder.')
}

/** The engine's folder, if it is on this machine and readable. */
export async function checkEngineFolder(connection: Connection): Promise<Finding> {
  if (connection.engine === undefined) return withoutEngine
  const {DockerRootDir: folder, Name} = connection.engine.facts.info
  // A socket can lead to another or a virtual machine, whose folder of that name is another one.
  const isLocal = connection.engine.endpoint.kind === 'socket' && Name === hostname()
  if (!isLocal || folder === undefined) return {status: 'skipped', detail: 'the engine runs on another machine'}
  const free = await freeBytes(folder).catch(() => undefined)
  if (free === undefined) return {status: 'skipped', detail: printable(`${folder} cannot be checked`)}
  return spaceFinding(
    folder,
    free,
    `${commandLine`docker system df`} shows what uses it, ${commandLine`docker system prune`} removes unused data.`,
  )
}

/** Whether the free space is enough. */
export function spaceFinding(folder: string, free: number, remedy: string): Finding {
  const found = {detail: printable(`${formatBytes(free)} free in ${folder}`), data: {folder, free}}
  if (free >= LOW_SPACE) return {...found, status: 'ok'}
  return {...found, status: free < MIN_SPACE ? 'problem' : 'notice', remedy}
}

async function freeBytes(folder: string): Promise<number> {
  const {bavail, bsize} = await statfs(folder)
  return bavail * bsize
}
