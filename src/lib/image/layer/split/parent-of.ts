/** The folder that a path is in; empty at the top. @param path a byte string without a leading slash */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}
