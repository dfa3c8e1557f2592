import {posix} from 'node:path'
import {readTar} from '../../tar/read-tar.js'
import {encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {layerContent} from '../image.js'
import type {WhiteoutLayer} from '../model.js'
import {WHITEOUT} from '../whiteout.js'
import {parentPaths} from '../../tar/path.js'

/**
 * What a whiteout layer hides, and the folders above as the container has them, outermost first: a layer without them would reset
 * them.
 */
export interface WhiteoutPaths {
  /** Absolute paths in the container's writable layer. */
  readonly paths: readonly string[]
  readonly parents: readonly TarHeader[]
}

/** All folders above paths except the root, outermost first: `/srv/app/data` is in `/srv` and `/srv/app`. */
export function foldersAbove(paths: readonly string[]): string[] {
  return [...new Set(paths.flatMap(parentPaths))].sort()
}

/** The names in a layer that delete paths in the layers below it (OCI image-spec, layer.md, "Whiteouts"), as byte strings. */
export function whiteoutsOf(paths: readonly string[]): string[] {
  return paths.map((path) => textToBytes(posix.join(posix.dirname(path), WHITEOUT + posix.basename(path)).slice(1)))
}

/** A layer that only hides paths of the layers below it. The same paths always give the same bytes. */
export function whiteoutLayer({parents, paths}: WhiteoutPaths, created: string): WhiteoutLayer {
  const nothing = {mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, link: '', deviceMajor: 0, deviceMinor: 0}
  const whiteouts = whiteoutsOf(paths).map((path) =>
    encodeHeader({...nothing, path, type: 'file', xattrs: new Map<string, Buffer>()}),
  )
  const tar = Buffer.concat([...parents.map(encodeHeader), ...whiteouts, END_OF_TAR])
  const history = {created, created_by: `keg docker package: without ${paths.join(' ')}`}
  return {kind: 'whiteout', paths, ...layerContent(tar, history)}
}

/** Whether a layer only hides paths. */
export async function onlyHides(paths: readonly string[], layer: AsyncIterable<Buffer>): Promise<boolean> {
  const folders = new Set(foldersAbove(paths).map((path) => textToBytes(path.slice(1))))
  const whiteouts = new Set(whiteoutsOf(paths))
  try {
    for await (const {header} of readTar(layer))
      if (header.type === 'directory' ? !folders.has(header.path) : !whiteouts.has(header.path)) return false
    return true
  } catch {
    // Not a tar written by keg.
    return false
  }
}
