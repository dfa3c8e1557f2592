import {UsageError} from '../error/keg-error.js'
import {printable} from './text.js'

const MILLISECONDS: Readonly<Record<string, number>> = {
  ...{ms: 1, s: 1000, m: 60_000, h: 3_600_000},
  ...{d: 24 * 3_600_000, w: 7 * 24 * 3_600_000},
}

/** The longest timer of Node. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1

/**
 * Parses a duration in docker's form: `60s`, `1m30s`, `500ms`, `2h`; a bare number is seconds.
 * @returns milliseconds. @throws UsageError `duration-invalid`.
 */
export function parseDuration(text: string, flag: string): number {
  const milliseconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : sum(text, 'ms|s|m|h')
  if (milliseconds === undefined || milliseconds > MAX_TIMER_MILLISECONDS)
    throw new UsageError(`${flag} is not a duration: ${printable(text)}`, {
      code: 'duration-invalid',
      hint: `Write it like ${flag} 60s, 500ms or 1m30s, at most 24 days.`,
    })
  return Math.round(milliseconds)
}

/**
 * Parses an age: `12h`, `30d`, `2w`, `1d12h`.
 * @returns milliseconds. @throws UsageError `duration-invalid`.
 */
export function parseAge(text: string, flag: string): number {
  const milliseconds = sum(text, 's|m|h|d|w')
  if (milliseconds !== undefined && Number.isFinite(milliseconds)) return Math.round(milliseconds)
  throw new UsageError(`${flag} is not an age: ${printable(text)}`, {
    code: 'duration-invalid',
    hint: `Write it like ${flag} 12h, 30d or 2w.`,
  })
}

/** @param units those that are allowed, as alternatives of a pattern */
function sum(text: string, units: string): number | undefined {
  if (!new RegExp(`^(?:\\d+(?:\\.\\d+)?(?:${units}))+$`).test(text)) return undefined
  let total = 0
  for (const [, number, unit] of text.matchAll(new RegExp(`([\\d.]+)(${units})`, 'g')))
    total += Number(number) * (MILLISECONDS[unit ?? ''] ?? Number.NaN)
  return total
}
