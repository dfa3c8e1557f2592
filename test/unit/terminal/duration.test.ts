import {expect} from 'chai'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {parseAge, parseDuration} from '../../../src/lib/terminal/duration.js'

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

describe('parseAge', () => {
  for (const [text, milliseconds] of Object.entries({
    ...{
      '12h': 43_200_000,
      '30d': 2_592_000_000,
      '2w': 1_209_600_000,
      '1d12h': 129_600_000,
      '90s': 90_000,
      '5m': 300_000,
    },
    ...{'0d': 0, '1.5d': 129_600_000},
  }))
    it(`parses ${text}`, () => expect(parseAge(text, '--older-than')).to.equal(milliseconds))

  for (const text of ['', '30', 'd', '-1d', '1y', '500ms', '1 d', `${'9'.repeat(400)}d`])
    it(`refuses ${JSON.stringify(text.slice(0, 9))}`, () => {
      expect(() => parseAge(text, '--older-than'))
        .to.throw(UsageError, '--older-than')
        .with.property('code', 'duration-invalid')
    })
})
