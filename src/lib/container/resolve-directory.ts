import {posix} from 'node:path'
import type {Engine} from '../engine/engine.js'
import {GO_MODE} from '../engine/types.js'
import {readTar} from '../tar/read-tar.js'
import {bytesToText} from '../tar/tar-header.js'

/** What exists at a path, without following a symlink in the last component. */
export type FoundEntry =
  | {readonly kind: 'directory' | 'other' | 'missing'}
  /** The target as written in the link. */
  | {readonly kind: 'link'; readonly target: string}

/** Where a path leads. */
export interface ResolvedDirectory {
  /** Without symlinks; missing components count as folders. */
  readonly path: string
  readonly kind: 'directory' | 'other' | 'missing' | 'loop'
}

/** The kernel's limit (path_resolution(7)). */
const MAX_LINKS = 40

/**
 * Resolves a path as the kernel does: each symlink in place, `..` after its target.
 * @param look returns what exists at a path without symlinks above it
 * @param onStep called with each path on the way, before `look`
 */
export async function resolveDirectory(
  directory: string,
  look: (path: string) => Promise<FoundEntry>,
  onStep: (path: string) => void = () => undefined,
): Promise<ResolvedDirectory> {
  // Engines normalize the path as text (filepath.Clean).
  const names = posix.resolve('/', directory).split('/')
  let path = '/'
  let kind: ResolvedDirectory['kind'] = 'directory'
  for (let links = 0; names.length > 0;) {
    const name = names.shift() ?? ''
    if (name === '' || name === '.') continue
    path = posix.join(path, name)
    onStep(path)
    if (name === '..') continue
    const found = await look(path)
    if (found.kind !== 'link') {
      kind = found.kind
      if (kind === 'other') break
      continue
    }
    if (++links > MAX_LINKS) return {path, kind: 'loop'}
    names.unshift(...found.target.split('/'))
    path = found.target.startsWith('/') ? '/' : posix.dirname(path)
  }
  return {path, kind: path === '/' ? 'directory' : kind}
}

/** What exists at a path of a container, running or not, mounts included. */
export async function entryIn(engine: Engine, container: string, path: string): Promise<FoundEntry> {
  const stat = await engine.pathStat(container, path)
  if (stat === undefined) return {kind: 'missing'}
  if ((stat.mode & GO_MODE.symlink) === 0) return {kind: (stat.mode & GO_MODE.directory) === 0 ? 'other' : 'directory'}
  // The engine reports only where a link ends within the image's files, not where it leads once /proc is mounted.
  for await (const {header} of readTar(await engine.archive(container, path)))
    return {kind: 'link', target: bytesToText(header.link)}
  return {kind: 'missing'}
}
