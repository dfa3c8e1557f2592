/** The pattern that matches one path below a sync's root, and what is in it. @param path without a slash at either end */
export function pathPattern(path: string): string {
  return `/${path.replace(/[*?[\]{}\\]/g, '\\$&')}`
}
