import {printable} from './text.js'

const GAP = '  '
const FEWEST_COLUMNS = 12

/**
 * A table as a person reads it: columns of one width each, the last one as it is.
 * @param rows the head first; each has as many cells, shown through {@link printable}
 * @param width columns of the terminal, where the end of the last column is what has to fit; undefined where nothing has to
 */
export function textTable(rows: readonly (readonly string[])[], width: number | undefined): string {
  const table = rows.map((cells) => cells.map((cell) => printable(cell)))
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  return table
    .map((cells) => {
      const padded = cells.slice(0, -1).map((cell, column) => cell.padEnd(widths[column] ?? 0))
      return [...padded, shortened(cells.at(-1) ?? '', width === undefined ? undefined : width - before)].join(GAP)
    })
    .join('\n')
}

/** The end of a path tells more than its beginning. */
function shortened(path: string, width: number | undefined): string {
  return width === undefined || width < FEWEST_COLUMNS || path.length <= width ? path : `...${path.slice(3 - width)}`
}
