import {expect} from 'chai'
import {isTruthy, isInteractive, type InteractionFacts} from '../../../src/lib/terminal/interaction.js'

describe('isInteractive', () => {
  it('is true in one case: terminals on both sides, no CI, no --json, no --no-input', () => {
    const allowed: InteractionFacts[] = []
    const both = [true, false]
    for (const stdinIsTerminal of both)
      for (const stderrIsTerminal of both)
        for (const json of both)
          for (const noInput of both)
            for (const environment of [{}, {CI: 'true'}]) {
              const facts = {stdinIsTerminal, stderrIsTerminal, json, noInput, environment}
              if (isInteractive(facts)) allowed.push(facts)
            }
    expect(allowed).to.deep.equal([
      {stdinIsTerminal: true, stderrIsTerminal: true, json: false, noInput: false, environment: {}},
    ])
  })

  it('depends on whether CI is truthy', () => {
    const facts = {stdinIsTerminal: true, stderrIsTerminal: true, json: false, noInput: false}
    expect(isInteractive({...facts, environment: {CI: 'false'}})).to.equal(true)
    expect(isInteractive({...facts, environment: {CI: ''}})).to.equal(true)
    expect(isInteractive({...facts, environment: {CI: '1'}})).to.equal(false)
    expect(isInteractive({...facts, environment: {CI: 'woodpecker'}})).to.equal(false)
  })
})

describe('isTruthy', () => {
  const table: [value: string | undefined, meaning: boolean][] = [
    [undefined, false],
    ['', false],
    ['0', false],
    ['false', false],
    ['FALSE', false],
    ['no', false],
    ['Off', false],
    ['1', true],
    ['true', true],
    ['yes', true],
    ['on', true],
    ['anything', true],
    [' ', true],
    ['00', true],
  ]
  for (const [value, meaning] of table) {
    it(`${value === undefined ? 'unset' : JSON.stringify(value)} is ${meaning ? 'true' : 'false'}`, () =>
      expect(isTruthy(value)).to.equal(meaning))
  }
})
