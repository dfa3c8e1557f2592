import {FLOORS, roomsOn} from './house.js'
import {roomCircles, roomImports} from './rooms.js'

/** @typedef {import('dependency-cruiser').ICruiseResult} CruiseResult */

/**
 * A broken rule.
 *
 * @typedef {object} Breach
 * @property {string} rule
 * @property {string} what the rule is, and what to do
 * @property {string[]} places each `importer -> imported`, a whole circle, or a file
 */

/** Checks that dependency-cruiser has no rule for. */
const OWN_RULES = {
  'circle-of-rooms': 'No room imports itself through others.',
  'room-empty': 'The plan of the house (scripts/floors/house.js) has a room in which nothing was found.',
}

/**
 * @param {CruiseResult} result validated
 * @returns {Breach[]} the rules in alphabetical order
 */
export function findBreaches(result) {
  const {ruleSetUsed, violations} = result.summary
  /** @type {Map<string, string[]>} */
  const places = new Map()
  for (const violation of violations) {
    const {name} = violation.rule
    places.set(name, [...(places.get(name) ?? []), placeOf(violation)])
  }
  const imports = roomImports(result)
  const circles = roomCircles(imports).map((circle) => circle.join(' -> '))
  if (circles.length > 0) places.set('circle-of-rooms', circles)
  const empty = FLOORS.flatMap(roomsOn).filter((room) => !imports.has(room))
  if (empty.length > 0) places.set('room-empty', empty)
  const rules = new Map([
    ...Object.entries(OWN_RULES),
    ...(ruleSetUsed?.forbidden ?? []).map(({comment = '', name = ''}) => /** @type {const} */ ([name, comment])),
  ])
  return [...places]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([rule, found]) => ({rule, what: rules.get(rule) ?? '', places: [...new Set(found)].sort()}))
}

/** @param {CruiseResult['summary']['violations'][number]} violation */
function placeOf({cycle, from, to}) {
  if (cycle === undefined) return from === to ? from : `${from} -> ${to}`
  const files = cycle.map(({name}) => name)
  // A circle looks different from each of its files: start at the first of them.
  const start = files.indexOf([...files].sort()[0] ?? '')
  const rotated = [...files.slice(start), ...files.slice(0, start)]
  return [...rotated, rotated[0]].join(' -> ')
}
