import type {Engine} from '../../engine/engine.js'
import type {MountPoint, VolumeDetails} from '../../engine/types.js'

/** File systems of mount(8) whose device is not a folder of the machine, though it may look like one. */
const NOT_OF_A_FOLDER = /^(?:nfs4?|cifs|smb3|smbfs|tmpfs|ramfs|overlay|fuse.*|9p|ceph|glusterfs)$/

/**
 * The folder of the host that a volume is really a bind of: the local driver takes the options of mount(8), and a volume with `o:
 * bind` or a plain path as its device is one (https://docs.docker.com/reference/cli/docker/volume/create/#opt). Disks, network
 * file systems and memory are not.
 * @returns undefined for any other volume
 */
export function folderOfVolume({Driver, Options}: VolumeDetails): string | undefined {
  const {device = '', o = '', type = ''} = Options ?? {}
  if ((Driver ?? 'local') !== 'local' || !device.startsWith('/')) return undefined
  const isBind = type === 'bind' || o.split(',').some((option) => /^r?bind$/.test(option.trim()))
  const isFolder = !NOT_OF_A_FOLDER.test(type) && !/^\/dev\/./.test(device) && !device.startsWith('//')
  return isBind || isFolder ? device : undefined
}

/** As `folderOfVolume`, for a mount of a container. A volume that is gone by now counts as any other. */
export async function boundFolder(
  engine: Pick<Engine, 'volume'>,
  {Driver, Name}: MountPoint,
): Promise<string | undefined> {
  if (Name === undefined || (Driver ?? 'local') !== 'local') return undefined
  const volume = await engine.volume(Name)
  return volume && folderOfVolume(volume)
}
