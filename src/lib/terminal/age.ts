import {count} from './text.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** From the largest: the length of a unit in milliseconds, and from how many units on it is used. */
const UNITS = [
  {name: 'year', length: 365 * DAY, from: 2},
  {name: 'month', length: 30 * DAY, from: 2},
  {name: 'week', length: 7 * DAY, from: 2},
  {name: 'day', length: DAY, from: 1},
  {name: 'hour', length: HOUR, from: 1},
  {name: 'minute', length: MINUTE, from: 1},
] as const

/**
 * How long ago something was, for people: `3 hours ago`. Less than a minute, in either direction, is `just now`; a time
 * further ahead, which only a wrong clock gives, is `in the future`.
 */
export function formatAge(time: Date, now: Date): string {
  const age = now.getTime() - time.getTime()
  if (age <= -MINUTE) return 'in the future'
  const unit = UNITS.find(({from, length}) => age >= from * length)
  return unit === undefined ? 'just now' : `${count(Math.floor(age / unit.length), unit.name)} ago`
}
