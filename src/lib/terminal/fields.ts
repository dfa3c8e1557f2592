import {columnsOf, padColumns, wrapLine} from './columns.js'
import {printable} from './text.js'

/** A name with its value, which can have several lines. */
export type Field = readonly [name: string, value: string]

/** How to lay out fields. */
export interface FieldOptions {
  /** Columns of the terminal; undefined for no limit. */
  readonly width?: number | undefined
  /** Spaces before each line. */
  readonly indent?: number
  /** Columns for the names, to align them with other fields. */
  readonly names?: number
}

const GAP = 2

/** Spaces before a value below its name. */
const BELOW = 2

/**
 * Fields below each other, with aligned values. A long value is wrapped beside its name; a word that fits only below the
 * name goes there, so that a digest or an address can be copied whole. Drops only spaces at line breaks.
 */
export function fieldLines(
  fields: readonly Field[],
  {indent = 0, names, width = Infinity}: FieldOptions = {},
): string[] {
  const beside = indent + (names ?? nameColumns(fields)) + GAP
  const below = indent + BELOW
  return fields.flatMap(([name, value]) => {
    const lines = printable(value, {keepLines: true}).split('\n')
    const word = Math.max(...lines.flatMap((line) => line.split(' ').map(columnsOf)))
    const head = ' '.repeat(indent) + padColumns(name, beside - indent)
    const isBelow = beside + word > width && below + word <= width
    const start = isBelow ? below : beside
    const wrapped = lines.flatMap((line) => wrapLine(line, Math.max(1, width - start)))
    if (isBelow) return [head.trimEnd(), ...wrapped.map((line) => ' '.repeat(start) + line)]
    return wrapped.map((line, index) => (index === 0 ? head : ' '.repeat(start)) + line)
  })
}

/** The number of columns of the fields' names. */
export function nameColumns(fields: readonly Field[]): number {
  return Math.max(...fields.map(([name]) => columnsOf(name)))
}
