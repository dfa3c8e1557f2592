import {FLOORS, roomsOn} from '../floors/house.js'
import {table} from './generated-part.js'

/** @typedef {ReadonlyMap<string, ReadonlySet<string>>} Imports which room imports from which others */

/** Above the rooms: their callers. */
const TOP = 'commands and hooks'

/**
 * The rooms and their purposes.
 *
 * @returns {string} a Markdown table
 */
export function roomTable() {
  const rows = FLOORS.flatMap(({name, rooms}) =>
    Object.entries(rooms).map(([room, what], index) => [index === 0 ? `**${name}**` : '', `\`${room}\``, what]),
  )
  return table(['Floor', 'Room', 'What lives there'], rows) ?? ''
}

/**
 * The map of the rooms. Every room may use the ground floor, so it has no arrows; nor are there arrows where a longer path
 * exists.
 *
 * @param {Imports} imports those of the code above the rooms under the name ''
 * @returns {string} a mermaid diagram in a Markdown block
 */
export function houseMap(imports) {
  const ground = new Set(roomsOn(FLOORS.at(-1) ?? {name: '', rooms: {}}))
  const importsAboveGround = new Map(
    [...imports].flatMap(([room, others]) =>
      ground.has(room) ? [] : [[room, new Set([...others].filter((other) => !ground.has(other)))]],
    ),
  )
  const arrows = [...importsAboveGround].flatMap(([room, others]) =>
    [...others]
      .filter(
        (other) => ![...others].some((between) => between !== other && isReachable(between, other, importsAboveGround)),
      )
      .map((other) => `  ${identifier(room)} --> ${identifier(other)}`),
  )
  const floors = FLOORS.flatMap((floor) => [
    `  subgraph ${floor.name}`,
    ...(ground.has(roomsOn(floor)[0] ?? '')
      ? [`    rooms["${roomsOn(floor).join(' · ')}"]`]
      : roomsOn(floor).map((room) => `    ${identifier(room)}["${room}"]`)),
    '  end',
  ])
  const lines = ['flowchart TD', `  ${identifier('')}["${TOP}"]`, ...floors, ...arrows.sort(), '  adapters ~~~ ground']
  return ['```mermaid', ...lines, '```'].join('\n')
}

/**
 * Whether one room imports from another, directly or through others.
 *
 * @param {string} from
 * @param {string} to
 * @param {Imports} imports free of circles
 * @returns {boolean}
 */
function isReachable(from, to, imports) {
  return [...(imports.get(from) ?? [])].some((next) => next === to || isReachable(next, to, imports))
}

/** Some names of rooms mean something to mermaid. @param {string} room */
function identifier(room) {
  return room === '' ? 'top' : `room_${room.replaceAll('-', '_')}`
}
