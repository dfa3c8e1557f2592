import {readFile} from 'node:fs/promises'
import type {ContainerDetails} from '../../engine/types.js'
import type {KernelMount} from './known-mounts.js'

/**
 * Reads what the kernel has mounted for a container, in the order in which it was mounted. The process ids of an engine elsewhere
 * (in a virtual machine, behind ssh) are not this machine's: what counts is that the kernel names the container's id for the
 * process.
 * @returns nothing if the container is not running, not on this machine, or keg may not see it.
 */
export async function readKernelMounts({Id, State}: Pick<ContainerDetails, 'Id' | 'State'>): Promise<KernelMount[]> {
  const pid = State.Running ? (State.Pid ?? 0) : 0
  if (process.platform !== 'linux' || pid <= 0) return []
  try {
    const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'latin1')
    const [cgroup, mounts] = await Promise.all([read('cgroup'), read('mountinfo')])
    return cgroup.includes(Id) || mounts.includes(`/${Id}/`) ? parseKernelMounts(mounts) : []
  } catch {
    // No such process here, or keg may not look at it.
    return []
  }
}

/**
 * Parses `/proc/PID/mountinfo` (proc_pid_mountinfo(5)), and skips lines that are not rows. @param text its bytes, one character
 * each
 */
export function parseKernelMounts(text: string): KernelMount[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const [root, point] = fields.slice(3)
    const fileSystem = fields[fields.indexOf('-', 6) + 1]
    if (root === undefined || point === undefined || fields.indexOf('-', 6) < 0 || fileSystem === undefined) return []
    return [{root: unescape(root).replace(DELETED, ''), point: unescape(point), fileSystem}]
  })
}

/** What the kernel adds to the path of something deleted (fs/d_path.c, dentry_path). */
const DELETED = /\/\/deleted$/

/** Blank, tab, newline and backslash are written as `\` and three octal digits. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)))
}
