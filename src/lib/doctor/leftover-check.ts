import {findGoneContainers} from '../container/container-state.js'
import {findLeftovers, type Leftover} from '../container/leftover/leftovers.js'
import {ownerText} from '../lock/process-owner.js'
import {commandLine} from '../terminal/command-line.js'
import {count} from '../terminal/text.js'
import type {Finding} from './check.js'
import {leftoverStateText} from './fix-state.js'
import {withoutEngine, type Connection} from './connection.js'

const MAX_LINES = 10

/** What dead kegs left in the engine, and keg's state of containers that are gone. */
export async function checkLeftovers({engine}: Connection, environment: NodeJS.ProcessEnv): Promise<Finding> {
  if (engine === undefined) return withoutEngine
  const [leftovers, gone] = await Promise.all([
    findLeftovers(engine, environment),
    findGoneContainers(engine, environment),
  ])
  const data = {leftovers: leftovers.map(({id, kind, name, owner}) => ({kind, id, name, owner})), state: gone}
  const lines = [...leftovers.map(leftoverText), ...gone.map(({name}) => leftoverStateText(name))]
  if (lines.length === 0) return {status: 'ok', detail: 'none', data}
  return {
    status: leftovers.length === 0 ? 'notice' : 'problem',
    detail: [
      ...(leftovers.length === 0 ? [] : [`${count(leftovers.length, 'leftover')} of keg processes that no longer run`]),
      ...(gone.length === 0
        ? []
        : [`the state of ${count(gone.length, 'container')} that no longer ${gone.length === 1 ? 'exists' : 'exist'}`]),
    ].join(', '),
    notes: lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), 'and more: --json lists all'] : lines,
    remedy: commandLine`keg doctor --fix`,
    data,
  }
}

/** One line about a leftover. */
export function leftoverText({kind, name, owner}: Leftover): string {
  return `${kind} ${name}, left by ${ownerText(owner)}`
}
