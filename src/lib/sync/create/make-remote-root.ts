import {posix} from 'node:path'
import type {Engine} from '../../engine/engine.js'
import {encodeHeader, END_OF_TAR, textToBytes} from '../../tar/tar-header.js'
import type {ContainerFiles} from './container-files.js'
import type {ContainerUser} from './container-user.js'
import type {SyncPermissions} from '../../mutagen/mutagen.js'

export interface MakeRootOptions {
  /** Id of the container. */
  readonly container: string
  readonly files: ContainerFiles
  readonly path: string
  readonly permissions: SyncPermissions
  readonly user: ContainerUser
}

/**
 * Creates the folder to sync in a container, with its parents: Mutagen creates only the last one, and its agent may not have
 * permission.
 */
export async function makeRemoteRoot(
  engine: Engine,
  {container, files, path, permissions, user}: MakeRootOptions,
): Promise<void> {
  const above = await files.nearestFolder(path)
  const names = posix.relative(above, path).split('/')
  const nothing = {size: 0, link: '', deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()}
  const mtime = Math.floor(Date.now() / 1000)
  const headers = names.map((_, index) => {
    const isRoot = index === names.length - 1
    return encodeHeader({
      ...nothing,
      mtime,
      type: 'directory',
      path: textToBytes(names.slice(0, index + 1).join('/')),
      mode: isRoot ? permissions.directoryMode : 0o755,
      uid: isRoot ? idOf(permissions.owner, user.uid) : user.uid,
      gid: isRoot ? idOf(permissions.group, user.gid) : user.gid,
    })
  })
  await engine.unpack(container, above, Buffer.concat([...headers, END_OF_TAR]))
}

function idOf(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : Number(text.replace(/^id:/, ''))
}
