import {posix} from 'node:path'
import type {Engine} from '../../engine/engine.js'
import {encodeHeader, END_OF_TAR, textToBytes} from '../../tar/tar-header.js'
import type {ContainerFiles} from './container-files.js'
import type {ContainerUser} from './container-user.js'
import type {SyncPermissions} from '../mutagen.js'

export interface MakeRootOptions {
  readonly engine: Engine
  /** Id of the container. */
  readonly container: string
  readonly files: ContainerFiles
  readonly path: string
  readonly permissions: SyncPermissions
  readonly user: ContainerUser
}

/**
 * Makes the folder in a container that is to be synced, with those above it: Mutagen makes only the last one, and its agent may
 * have no right to do that.
 */
export async function makeRemoteRoot({
  container,
  engine,
  files,
  path,
  permissions,
  user,
}: MakeRootOptions): Promise<void> {
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
