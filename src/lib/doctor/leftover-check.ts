import {findLeftovers, type Leftover} from '../maintenance/leftovers.js'
import {ownerText} from '../maintenance/owner.js'
import {count} from '../terminal/text.js'
import type {Finding} from './check.js'
import {withoutEngine, type Connection} from './connection.js'

const MOST_LINES = 10

/** What kegs that are gone left in the engine. */
export async function checkLeftovers({engine}: Connection, environment: NodeJS.ProcessEnv): Promise<Finding> {
  if (engine === undefined) return withoutEngine
  const leftovers = await findLeftovers(engine, environment)
  const data = {leftovers: leftovers.map(({id, kind, name, owner}) => ({kind, id, name, owner}))}
  if (leftovers.length === 0) return {status: 'ok', detail: 'none', data}
  const lines = leftovers.map(leftoverText)
  return {
    status: 'problem',
    detail: `${count(leftovers.length, 'thing')} of kegs that are gone`,
    notes: leftovers.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), 'and more: --json lists all'] : lines,
    remedy: 'keg doctor --fix',
    data,
  }
}

/** One leftover in a line. */
export function leftoverText({kind, name, owner}: Leftover): string {
  return `${kind} ${name}, left by ${ownerText(owner)}`
}
