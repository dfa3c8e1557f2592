import {pathPattern} from '../../mutagen/path-pattern.js'
import {parentPaths} from '../../tar/path.js'

/**
 * Ignore patterns so that a session syncs only some paths, and of those only what another session syncs. Exceptions of the
 * other session, patterns that begin with `!`, are dropped: they would include paths elsewhere.
 * @param paths below the root; an empty one is the root itself, and everything in it
 * @param ignores of the other session
 */
export function onlyPaths(paths: readonly string[], ignores: readonly string[]): string[] {
  if (paths.includes('')) return [...ignores]
  const ways = new Set(paths.flatMap((path) => [...parentPaths(path), path]))
  return [
    '*',
    ...[...ways].map((way) => `!${pathPattern(way)}`),
    ...paths.map((path) => `!${pathPattern(path)}/**`),
    ...ignores.filter((pattern) => !pattern.startsWith('!')),
    // The session syncs these, for whatever reason.
    ...[...ways].map((way) => `!${pathPattern(way)}`),
  ]
}
