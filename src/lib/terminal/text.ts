/**
 * Makes text from outside (labels, logs, branch names, registry replies) safe to show: replaces control characters (C0, C1),
 * bidirectional overrides, line separators and invisible characters by `?`, so that a label cannot control the terminal.
 */
export function printable(text: string, {keepLines = false}: {keepLines?: boolean} = {}): string {
  const hostile = keepLines
    ? /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
    : /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
  return text.replace(hostile, '?')
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes in docker's form: decimal units, three significant digits (`1.23 GB`). */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : Number(value.toPrecision(3))} ${UNITS[unit] ?? 'B'}`
}

/** Milliseconds for people: `840 ms`, `3.2 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (Math.round(milliseconds) < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A number with its noun and thousands separators: `1 mount`, `20,000 entries`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  // The first use of a locale loads its tables, which takes as long as a dozen requests to the engine.
  const digits = number < 1000 ? String(number) : number.toLocaleString('en-US')
  return `${digits} ${number === 1 ? singular : plural}`
}

/** An argument list as one line that a POSIX shell parses as the same list; only shown, never run by keg. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
}
