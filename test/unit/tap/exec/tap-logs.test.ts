import {expect} from 'chai'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {sinceOf} from '../../../../src/lib/tap/exec/tap-logs.js'

describe('sinceOf', () => {
  const now = new Date('2026-03-04T05:06:07.500Z')
  const table = [
    ['10m', String(now.getTime() / 1000 - 600)],
    ['1h30m', String(now.getTime() / 1000 - 5400)],
    ['2026-03-04T05:06:07Z', '1772600767'],
    ['2026-03-04T07:06:07.25+02:00', '1772600767.25'],
    ['2026-03-04', String(new Date(2026, 2, 4).getTime() / 1000)],
    ['2026-03-04T01:02', String(new Date(2026, 2, 4, 1, 2).getTime() / 1000)],
    ['1772600767.25', '1772600767.25'],
  ] as const
  for (const [text, seconds] of table)
    it(`understands ${text}`, () => expect(Number(sinceOf(text, now))).to.equal(Number(seconds)))

  for (const text of ['yesterday', '', '2026-13-01', '10 minutes', '-5m'])
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => sinceOf(text, now))
        .to.throw(UsageError)
        .with.property('code', 'time-invalid'))
})
