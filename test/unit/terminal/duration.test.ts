import {expect} from 'chai'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {parseDuration} from '../../../src/lib/terminal/duration.js'

describe('parseDuration', () => {
  const table: readonly [string, number][] = [
    ['60s', 60_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['2h', 7_200_000],
    ['0', 0],
    ['0s', 0],
    ['45', 45_000],
  ]
  for (const [text, milliseconds] of table)
    it(`parses ${text}`, () => expect(parseDuration(text, '--wait')).to.equal(milliseconds))

  for (const text of ['', 's', '-1s', '1x', '1s2', '1 s', '1.s', '1e3', 'Infinity', '25000h'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseDuration(text, '--wait'))
        .to.throw(UsageError, '--wait')
        .with.property('code', 'duration-invalid')
    })
})
