import {FLOORS, roomOf, roomsOn} from './house.js'

/** Services of an npm package, by its folder: used by its commands alone, and by no other package. */
const WINGS = new Map([
  ['', ['doctor', 'import']],
  ['src/commands/docker', ['package']],
  ['src/commands/sync', ['sync']],
  ['src/commands/tap', ['tap', 'package', 'sync']],
])

/**
 * Files in a bundle that belong to services of other packages.
 *
 * @param {string} root folder of the package, from the top of the repository
 * @param {Pick<import('esbuild').Metafile, 'outputs'>} metafile of its bundle
 * @returns {string[]} the files, from the top of the repository
 */
export function filesOfOtherWings(root, {outputs}) {
  const own = WINGS.get(root)
  if (own === undefined) throw new Error(`Say in scripts/floors/wings.js which services ${root} runs.`)
  const services = FLOORS.filter(({name}) => name === 'services').flatMap(roomsOn)
  const held = Object.values(outputs).flatMap(({inputs}) =>
    Object.entries(inputs).flatMap(([file, {bytesInOutput}]) => (bytesInOutput > 0 ? [file] : [])),
  )
  return [...new Set(held)].sort().filter((file) => {
    const room = roomOf(file)
    return room !== undefined && services.includes(room) && !own.includes(room)
  })
}
