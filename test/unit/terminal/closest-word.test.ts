import {expect} from 'chai'
import {closestWord} from '../../../src/lib/terminal/closest-word.js'

describe('closestWord', () => {
  const table: [written: string, words: string[], meant: string | undefined][] = [
    ['shup', ['api', 'shop', 'shopping'], 'shop'],
    ['SHOP', ['api', 'shop'], 'shop'],
    ['shop-dv', ['shop-dev', 'shop-test'], 'shop-dev'],
    ['shpo', ['shop', 'ship'], 'shop'],
    ['/dta', ['/cache', '/data'], '/data'],
    ['spho', ['shop'], undefined],
    ['database', ['shop', 'api'], undefined],
    ['a', ['b'], undefined],
    ['', ['shop'], undefined],
    ['shop', [], undefined],
  ]
  for (const [written, words, meant] of table)
    it(`returns ${meant ?? 'nothing'} for ${written === '' ? 'nothing' : written} among ${words.join(', ') || 'none'}`, async () => {
      expect(await closestWord(written, words)).to.equal(meant)
    })
})
