import {posix} from 'node:path'
import {readTar} from '../../tar/read-tar.js'
import {encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {WHITEOUT} from '../mount/mount-layer.js'
import {layerOf, type ImageLayer} from './image.js'

/** What a layer hides, and the folders above, outermost first, as the container has them: a layer without them would reset them. */
export interface HiddenPaths {
  /** Absolute, of the container's own layer. */
  readonly paths: readonly string[]
  readonly parents: readonly TarHeader[]
}

/** All folders above paths, but for the root, outermost first: `/srv/app/data` lies in `/srv` and `/srv/app`. */
export function foldersAbove(paths: readonly string[]): string[] {
  const folders = new Set<string>()
  for (const path of paths)
    for (let folder = posix.dirname(path); folder !== '/'; folder = posix.dirname(folder)) folders.add(folder)
  return [...folders].sort()
}

/** The names in a layer that delete paths in the layers below it (OCI image-spec, layer.md, "Whiteouts"), as byte strings. */
export function whiteoutsOf(paths: readonly string[]): string[] {
  return paths.map((path) => textToBytes(posix.join(posix.dirname(path), WHITEOUT + posix.basename(path)).slice(1)))
}

/** A layer that hides paths of the layers below it and has nothing else. The same paths always give the same bytes. */
export function hiddenLayer({parents, paths}: HiddenPaths, created: string): ImageLayer {
  const nothing = {mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, link: '', deviceMajor: 0, deviceMinor: 0}
  const whiteouts = whiteoutsOf(paths).map((path) =>
    encodeHeader({...nothing, path, type: 'file', xattrs: new Map<string, Buffer>()}),
  )
  const tar = Buffer.concat([...parents.map(encodeHeader), ...whiteouts, END_OF_TAR])
  return layerOf(tar, {created, created_by: `keg docker package: without ${paths.join(' ')}`})
}

/** Whether a layer hides paths and does nothing else. */
export async function onlyHides(paths: readonly string[], layer: AsyncIterable<Buffer>): Promise<boolean> {
  const folders = new Set(foldersAbove(paths).map((path) => textToBytes(path.slice(1))))
  const whiteouts = new Set(whiteoutsOf(paths))
  try {
    for await (const {header} of readTar(layer))
      if (header.type === 'directory' ? !folders.has(header.path) : !whiteouts.has(header.path)) return false
    return true
  } catch {
    // Not a tar that keg wrote.
    return false
  }
}
