/** Maps a user or group id of the machine to the container's. */
export type IdMap = (id: number) => number

/** The id of nobody (user_namespaces(7), "overflow"). */
const NOBODY = 65534

/** For ids that are the same on both sides. */
export const sameIds: IdMap = (id) => id

/**
 * Parses `/proc/PID/uid_map` or `gid_map`: rows of an id inside, the id outside as the reader sees it, and the length of the
 * range (user_namespaces(7)).
 * @returns the id inside for an id outside; nobody's if the container does not know it.
 */
export function parseIdMap(text: string): IdMap {
  const ranges = text.split('\n').flatMap((line) => {
    const [inside, outside, length] = line.trim().split(/\s+/).map(Number)
    return inside === undefined || outside === undefined || length === undefined ? [] : [{inside, outside, length}]
  })
  return (id) => {
    const range = ranges.find(({length, outside}) => id >= outside && id < outside + length)
    return range === undefined ? NOBODY : range.inside + id - range.outside
  }
}
