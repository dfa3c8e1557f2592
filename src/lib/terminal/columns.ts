import stringWidth from 'fast-string-width'

/** An output stream that may have a width. */
export interface ColumnsTarget {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** How many columns are available: COLUMNS if it is set, or the terminal's width; undefined for no limit, as in a pipe. */
export function availableColumns(target: ColumnsTarget, environment: NodeJS.ProcessEnv): number | undefined {
  const {COLUMNS = ''} = environment
  const columns = /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : target.isTTY === true ? target.columns : undefined
  // A terminal that does not know its size reports 0.
  return columns === undefined || columns <= 0 ? undefined : columns
}

/** The number of columns of a text in a terminal: two for wide characters, none for combining ones (UAX #11). */
export function columnsOf(text: string): number {
  return stringWidth(text)
}

/** Pads a text with spaces to a number of columns. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** More than a column needs in any script; any number of combining marks on a letter takes no column. */
const MAX_UNITS_OF_COLUMN = 8

/** Limits a text to a number of columns: a longer one is cut between two grapheme clusters, and ends in `end`. */
export function cutColumns(text: string, columns: number, end = ''): string {
  const fits = (part: string, room: number): boolean =>
    part.length <= room * MAX_UNITS_OF_COLUMN && columnsOf(part) <= room
  if (fits(text, columns)) return text
  const room = columns - columnsOf(end)
  let cut = ''
  for (const {segment} of new Intl.Segmenter().segment(text)) {
    if (!fits(cut + segment, room)) break
    cut += segment
  }
  return cut + end
}

/** How to wrap a line. */
export interface WrapOptions {
  /** Whether to keep longer words whole, so that they can be copied: their lines are then longer. */
  readonly keepsWords?: boolean
}

/** Wraps a line to a number of columns: at spaces, and within a longer word. Drops only the spaces at line breaks. */
export function wrapLine(line: string, columns: number, {keepsWords = false}: WrapOptions = {}): string[] {
  if (columnsOf(line) <= columns) return [line]
  const lines: string[] = []
  for (const word of line.split(' ').flatMap((each) => (keepsWords ? [each] : splitWord(each, columns)))) {
    const last = lines.at(-1)
    if (last !== undefined && columnsOf(`${last} ${word}`) <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function splitWord(word: string, columns: number): string[] {
  if (columnsOf(word) <= columns) return [word]
  const parts = ['']
  for (const {segment} of new Intl.Segmenter().segment(word)) {
    const last = parts.at(-1) ?? ''
    if (last === '' || columnsOf(last + segment) <= columns) parts[parts.length - 1] = last + segment
    else parts.push(segment)
  }
  return parts
}
