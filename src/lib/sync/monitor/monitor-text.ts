import {printable} from '../../terminal/text.js'
import {syncStateText, troubleLines, troublesText} from '../sync-text.js'
import type {MonitorEvent} from './monitor-event.js'

/**
 * Turns a monitor's events into text: lines for lasting states, and one line with the current state of all syncs, which is
 * overwritten on a terminal.
 */
export class MonitorText {
  /** The state of each sync, by id. */
  readonly #states = new Map<string, string>()
  /** The last state of each that was printed as a line. */
  readonly #printed = new Map<string, string>()

  /** @returns the lines for an event, none for a passing state */
  lines(event: MonitorEvent): string[] {
    const name = printable(event.name ?? event.id)
    switch (event.event) {
      case 'state': {
        const {sync} = event
        const troubles = troublesText(sync)
        const state = troubles === '' ? syncStateText(sync) : `${syncStateText(sync)} (${troubles})`
        this.#states.set(event.id, `${name}: ${syncStateText(sync)}`)
        if (!LASTING.has(syncStateText(sync)) || this.#printed.get(event.id) === state) return []
        this.#printed.set(event.id, state)
        return [`${name}: ${state}`]
      }
      case 'trouble':
        return troubleLines([event.trouble], `${name}: `)
      case 'cleared': {
        const {kind, path} = event.trouble
        return [`${name}: no longer: ${kind}${path === '' ? '' : ` ${printable(path)}`}`]
      }
      case 'held':
        return [`${name}: held. ${event.message}`]
      case 'released':
        return [`${name}: resumed`]
      case 'watched':
        return [`${name}: watching ${printable(event.folder)}`]
      case 'unwatched':
        return [`${name}: ${event.message}`]
      case 'ended':
        this.#states.delete(event.id)
        return [`${name}: ended`]
      case 'flushed':
        return event.paths.length === 0 ? [] : [`${name}: synced ${editsText(event)} in ${event.milliseconds} ms`]
    }
  }

  /** The current state of all syncs, in one line. */
  get current(): string {
    return [...this.#states.values()].join(', ')
  }
}

const MAX_SHOWN_PATHS = 3

/** `src/a.js, src/b.js and 5 more`. */
function editsText({morePaths, paths}: Extract<MonitorEvent, {event: 'flushed'}>): string {
  const shown = paths.slice(0, MAX_SHOWN_PATHS).map((path) => printable(path))
  const more = paths.length - shown.length + morePaths
  return `${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
}

/** States that last until something happens. */
const LASTING = new Set(['paused', 'halted', 'not connected', 'in sync', 'not in sync'])
