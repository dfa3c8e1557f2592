import {troubleOf, type RowTrouble} from '../../terminal/row-trouble.js'
import type {UserConfiguration} from '../../config/model.js'

/** An invalid record of a tap, as a row of a list. */
export interface InvalidTap {
  /** The tap's name, or `taps` if all of them are invalid. */
  readonly name: string
  readonly trouble: RowTrouble
}

/** The invalid records of taps. A record with a folder is not among them, whatever else is wrong in it. */
export function invalidTaps({invalid, taps}: Pick<UserConfiguration, 'invalid' | 'taps'>): InvalidTap[] {
  return [...invalid].flatMap(([path, {error, keys}]) => {
    const isRecord = keys.length === 2 && path.startsWith('taps.')
    if (path !== 'taps' && !isRecord) return []
    const name = isRecord ? path.slice('taps.'.length) : path
    return taps.has(name) ? [] : [{name, trouble: troubleOf(error)}]
  })
}
