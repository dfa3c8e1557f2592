import {UsageError} from '../error/keg-error.js'
import {printable} from './text.js'

const MILLISECONDS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000}

/** The longest timer of Node. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1

/**
 * Parses a duration in docker's form: `60s`, `1m30s`, `500ms`, `2h`; a bare number is seconds.
 * @returns milliseconds. @throws UsageError `duration-invalid`.
 */
export function parseDuration(text: string, flag: string): number {
  const milliseconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : sum(text)
  if (milliseconds === undefined || milliseconds > MAX_TIMER_MILLISECONDS)
    throw new UsageError(`${flag} is not a duration: ${printable(text)}`, {
      code: 'duration-invalid',
      hint: `Write it like ${flag} 60s, 500ms or 1m30s, at most 24 days.`,
    })
  return Math.round(milliseconds)
}

function sum(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    total += Number(number) * (MILLISECONDS[unit ?? ''] ?? Number.NaN)
  return total
}
