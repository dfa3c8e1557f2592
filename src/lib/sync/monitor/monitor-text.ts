import {printable} from '../../terminal/text.js'
import {stateText, troubleLines, troublesText} from '../sync-text.js'
import type {MonitorEvent} from './monitor-event.js'

/**
 * Makes of a monitor's events what people read: lines for what lasts, and the state of all syncs at the moment, which is
 * painted over on a terminal.
 */
export class MonitorText {
  /** How each sync is, by its id. */
  readonly #states = new Map<string, string>()
  /** The last state of each that had a line. */
  readonly #told = new Map<string, string>()

  /** @returns the lines that an event is worth, none for a passing state */
  lines(event: MonitorEvent): string[] {
    const name = printable(event.name ?? event.id)
    switch (event.event) {
      case 'state': {
        const {sync} = event
        const troubles = troublesText(sync)
        const state = troubles === '' ? stateText(sync) : `${stateText(sync)} (${troubles})`
        this.#states.set(event.id, `${name}: ${stateText(sync)}`)
        if (!LASTING.has(stateText(sync)) || this.#told.get(event.id) === state) return []
        this.#told.set(event.id, state)
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
        return [`${name}: goes on`]
      case 'watched':
        return [`${name}: watching ${printable(event.folder)}`]
      case 'unwatched':
        return [`${name}: ${event.message}`]
      case 'ended':
        this.#states.delete(event.id)
        return [`${name}: ended`]
      case 'flushed':
        return []
    }
  }

  /** All syncs as they are now, in one line. */
  get current(): string {
    return [...this.#states.values()].join(', ')
  }
}

/** States that stay until something happens. */
const LASTING = new Set(['paused', 'halted', 'not connected', 'in sync', 'not in sync'])
