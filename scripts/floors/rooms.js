import {roomOf} from './house.js'

/**
 * Which room imports from which others.
 *
 * @param {Pick<import('dependency-cruiser').ICruiseResult, 'modules'>} result
 * @returns {Map<string, Set<string>>} includes rooms without imports; the name '' stands for the code above all rooms
 */
export function roomImports({modules}) {
  /** @type {Map<string, Set<string>>} */
  const imports = new Map()
  for (const {dependencies, source} of modules) {
    if (!source.startsWith('src/')) continue
    const room = roomOf(source) ?? ''
    const others = imports.get(room) ?? new Set()
    imports.set(room, others)
    for (const {resolved} of dependencies) {
      const other = roomOf(resolved)
      if (other !== undefined && other !== room) others.add(other)
    }
  }
  return imports
}

/**
 * @param {ReadonlyMap<string, ReadonlySet<string>>} imports
 * @returns {string[][]} the shortest circle of each room that imports itself through others: the room, the others, and the room
 * again
 */
export function roomCircles(imports) {
  return [...imports.keys()].flatMap((room) => {
    const circle = shortestCircle(room, imports)
    // Each circle is listed once: by the first of its rooms in the alphabet.
    return circle === undefined || circle.some((other) => other < room) ? [] : [circle]
  })
}

/**
 * @param {string} start
 * @param {ReadonlyMap<string, ReadonlySet<string>>} imports
 * @returns {string[] | undefined}
 */
function shortestCircle(start, imports) {
  const paths = [[start]]
  const seen = new Set()
  for (const path of paths) {
    for (const next of imports.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, start]
      if (seen.has(next)) continue
      seen.add(next)
      paths.push([...path, next])
    }
  }
  return undefined
}
