import {isAbsolute, relative} from 'node:path'

/** Whether a path is a folder or is in it. Both are normalized, and both absolute or neither. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** A path relative to a folder; undefined if it is not in the folder, empty if it is the folder itself. */
export function below(folder: string, path: string): string | undefined {
  const way = relative(folder, path)
  return way === '..' || way.startsWith('../') || isAbsolute(way) ? undefined : way
}

/**
 * The folders that a path is in, outermost first, without `/`: `/srv/app/data` is in `/srv` and `/srv/app`, `app/data` in `app`.
 */
export function parentPaths(path: string): string[] {
  const names = path.split('/')
  return names.slice(0, -1).flatMap((name, index) => (name === '' ? [] : [names.slice(0, index + 1).join('/')]))
}
