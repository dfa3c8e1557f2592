import {readFileSync} from 'node:fs'
import {ENGINE_FILES} from '../../container/mount-points.js'
import {parseMountInfo} from './mount-info.js'

/**
 * Whether keg itself runs in a container, and so could not unpause it. Engines mount files into each container from a folder of
 * the host named after the container's id.
 * @param id the full id
 * @param mountInfo `/proc/self/mountinfo`; default: this process's own, empty if the system has none
 */
export function isOwnContainer(id: string, mountInfo = ownMountInfo()): boolean {
  return parseMountInfo(mountInfo).some(({point, root}) => ENGINE_FILES.includes(point) && root.split('/').includes(id))
}

function ownMountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'latin1')
  } catch {
    return ''
  }
}
