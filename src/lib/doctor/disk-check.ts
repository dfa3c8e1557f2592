import {statfs} from 'node:fs/promises'
import {hostname, tmpdir} from 'node:os'
import {formatBytes, printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import {withoutEngine, type Connection} from './connection.js'

/** Below this a package of ordinary size no longer fits. */
const TOO_LITTLE = 1_000_000_000
/** Below this a few packages fill it. */
const LITTLE = 5_000_000_000

/** The folder where keg records mounts while it packages. */
export async function checkTemporaryFolder(): Promise<Finding> {
  const folder = tmpdir()
  return judgeSpace(folder, await freeBytes(folder), 'Make room there, or name another folder with TMPDIR.')
}

/** The folder of the engine, where it is on this machine and may be looked at. */
export async function checkEngineFolder(connection: Connection): Promise<Finding> {
  if (connection.engine === undefined) return withoutEngine
  const {DockerRootDir: folder, Name} = connection.engine.facts.info
  // A socket may lead to another machine, or to a virtual one: there a folder of that name is none of ours.
  const isHere = connection.engine.endpoint.kind === 'socket' && Name === hostname()
  if (!isHere || folder === undefined) return {status: 'skipped', detail: 'the engine runs on another machine'}
  const free = await freeBytes(folder).catch(() => undefined)
  if (free === undefined) return {status: 'skipped', detail: printable(`${folder} may not be looked at`)}
  return judgeSpace(folder, free, 'docker system df shows what takes it, docker system prune frees what nothing uses.')
}

/** Whether so many free bytes will do. */
export function judgeSpace(folder: string, free: number, remedy: string): Finding {
  const found = {detail: printable(`${formatBytes(free)} free in ${folder}`), data: {folder, free}}
  if (free >= LITTLE) return {...found, status: 'ok'}
  return {...found, status: free < TOO_LITTLE ? 'problem' : 'notice', remedy}
}

async function freeBytes(folder: string): Promise<number> {
  const {bavail, bsize} = await statfs(folder)
  return bavail * bsize
}
