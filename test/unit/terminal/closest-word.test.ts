import {expect} from 'chai'
import {closestWord} from '../../../src/lib/terminal/closest-word.js'

describe('the word that was meant', () => {
  const table: [written: string, words: string[], meant: string | undefined][] = [
    ['shup', ['api', 'shop', 'shopping'], 'shop'],
    ['SHOP', ['api', 'shop'], 'shop'],
    ['shop-dv', ['shop-dev', 'shop-test'], 'shop-dev'],
    ['database', ['shop', 'api'], undefined],
    ['a', ['b'], undefined],
    ['', ['shop'], undefined],
    ['shop', [], undefined],
  ]
  for (const [written, words, meant] of table)
    it(`is ${meant ?? 'none'} for ${written === '' ? 'nothing' : written} among ${words.join(', ') || 'none'}`, async () => {
      expect(await closestWord(written, words)).to.equal(meant)
    })
})
