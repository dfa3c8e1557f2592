import {expect} from 'chai'
import {firstArgument} from '../../../../src/lib/values/flag-default/first-argument.js'

const flags = {
  tag: {type: 'option', char: 't', aliases: ['label'], charAliases: ['l']},
  verify: {type: 'boolean'},
  quiet: {type: 'boolean', char: 'q'},
} as const

describe('firstArgument', () => {
  const cases: readonly [string, string | undefined][] = [
    ['', undefined],
    ['shop', 'shop'],
    ['shop other', 'shop'],
    ['-t x shop', 'shop'],
    ['--tag x shop', 'shop'],
    ['--tag=x shop', 'shop'],
    ['-tx shop', 'shop'],
    ['-qt x shop', 'shop'],
    ['-qtx shop', 'shop'],
    ['-tq shop', 'shop'],
    ['--label x -l y shop', 'shop'],
    ['--verify shop', 'shop'],
    ['-q --no-verify shop', 'shop'],
    ['--unknown shop', 'shop'],
    ['-t x', undefined],
    ['-t', undefined],
    ['-q -- shop', 'shop'],
    ['--', undefined],
    ['- shop', '-'],
  ]
  for (const [line, argument] of cases)
    it(`of "${line}" is ${argument ?? 'none'}`, () => {
      expect(firstArgument(line === '' ? [] : line.split(' '), flags)).to.equal(argument)
    })
})
