import {expect} from 'chai'
import {isTruthy, mayAsk, type InteractionFacts} from '../../../src/lib/command/interaction.js'

describe('whether keg may ask', () => {
  it('is yes in one case of all: terminals on both sides, no CI, no --json, no --no-input', () => {
    const allowed: InteractionFacts[] = []
    const both = [true, false]
    for (const stdinIsTerminal of both)
      for (const stderrIsTerminal of both)
        for (const json of both)
          for (const noInput of both)
            for (const environment of [{}, {CI: 'true'}]) {
              const facts = {stdinIsTerminal, stderrIsTerminal, json, noInput, environment}
              if (mayAsk(facts)) allowed.push(facts)
            }
    expect(allowed).to.deep.equal([
      {stdinIsTerminal: true, stderrIsTerminal: true, json: false, noInput: false, environment: {}},
    ])
  })

  it('is decided by whether CI means yes', () => {
    const facts = {stdinIsTerminal: true, stderrIsTerminal: true, json: false, noInput: false}
    expect(mayAsk({...facts, environment: {CI: 'false'}})).to.equal(true)
    expect(mayAsk({...facts, environment: {CI: ''}})).to.equal(true)
    expect(mayAsk({...facts, environment: {CI: '1'}})).to.equal(false)
    expect(mayAsk({...facts, environment: {CI: 'woodpecker'}})).to.equal(false)
  })
})

describe('whether a variable means yes', () => {
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
    it(`${value === undefined ? 'unset' : JSON.stringify(value)} is ${meaning ? 'yes' : 'no'}`, () =>
      expect(isTruthy(value)).to.equal(meaning))
  }
})
