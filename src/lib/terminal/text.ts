/**
 * Text from outside (labels, logs, branch names, registry replies) made fit to show: control characters (C0, C1),
 * bidirectional overrides, line separators and invisible characters are replaced by `?`, so that nobody's label can drive the terminal.
 */
export function printable(text: string, {keepLines = false}: {keepLines?: boolean} = {}): string {
  const hostile = keepLines
    ? /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
    : /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
  return text.replace(hostile, '?')
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes as docker prints them: decimal units, three significant digits (`1.23 GB`). */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${UNITS[unit] ?? 'B'}`
}

/** Milliseconds as a person reads them: `840 ms`, `3.2 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (Math.round(milliseconds) < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A count with its noun, and thousands set apart: `1 mount`, `20,000 entries`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? singular : plural}`
}

/** An argument list as one line that a POSIX shell reads back as the same list; only ever shown, never run by keg. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
}
