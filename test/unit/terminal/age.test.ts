import {expect} from 'chai'
import {formatAge} from '../../../src/lib/terminal/age.js'

const now = new Date('2026-03-01T12:00:00Z')

describe('formatAge', () => {
  const cases: readonly [time: string, age: string][] = [
    ['2026-03-01T12:00:00Z', 'just now'],
    ['2026-03-01T12:00:30Z', 'just now'],
    ['2026-03-01T11:59:00Z', '1 minute ago'],
    ['2026-03-01T10:00:01Z', '1 hour ago'],
    ['2026-03-01T13:00:00+02:00', '1 hour ago'],
    ['2026-02-28T12:00:00Z', '1 day ago'],
    ['2026-02-16T12:00:00Z', '13 days ago'],
    ['2026-02-15T12:00:00Z', '2 weeks ago'],
    ['2025-12-01T12:00:00Z', '3 months ago'],
    ['2019-03-01T12:00:00Z', '7 years ago'],
    ['2026-03-01T13:00:00Z', 'in the future'],
  ]
  for (const [time, age] of cases)
    it(`prints ${age} for ${time}`, () => expect(formatAge(new Date(time), now)).to.equal(age))
})
