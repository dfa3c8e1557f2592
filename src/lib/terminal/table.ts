import {columnsOf, padColumns, wrapLine} from './columns.js'
import {fieldLines, type Field} from './fields.js'
import {printable} from './text.js'

const GAP = '  '

/** The minimum width of the last column; if less is available, each row becomes a block. */
const MIN_LAST_COLUMN = 20

/**
 * A table for people, with aligned columns. If it is too wide, the last column is wrapped, or each row becomes a block of
 * lines; nothing is cut.
 * @param rows the head first; all with the same number of cells, shown through {@link printable}
 * @param width columns of the terminal; undefined for no limit
 */
export function textTable(rows: readonly (readonly string[])[], width: number | undefined): string {
  const table = rows.map((cells) => cells.map((cell) => printable(cell)))
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => columnsOf(cells[column] ?? ''))))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  const last = width === undefined ? Infinity : width - before
  if (last < MIN_LAST_COLUMN && last < (widths.at(-1) ?? 0)) return blocks(table, width)
  return table.flatMap((cells) => rowLines(cells, widths, {before, last})).join('\n')
}

function rowLines(
  cells: readonly string[],
  widths: readonly number[],
  {before, last}: {before: number; last: number},
): string[] {
  const padded = cells.slice(0, -1).map((cell, column) => padColumns(cell, widths[column] ?? 0))
  const [first = '', ...more] = wrapLine(cells.at(-1) ?? '', last)
  return [[...padded, first].join(GAP), ...more.map((line) => ' '.repeat(before) + line)]
}

function blocks([head = [], ...rows]: readonly (readonly string[])[], width: number | undefined): string {
  return rows.map((cells) => fieldLines(fieldsOf(head, cells), {width}).join('\n')).join('\n\n')
}

function fieldsOf(head: readonly string[], cells: readonly string[]): Field[] {
  return cells.map((cell, column) => [head[column] ?? '', cell])
}
