import {expect} from 'chai'
import fc from 'fast-check'
import {wrapText} from '../../../src/lib/terminal/wrap-text.js'

const command = 'keg docker package run ghcr.io/acme/shop:feature-search --name keg-shop-feature-search'

describe('wrapText', () => {
  it('leaves text that fits unchanged, and any text without a width', () => {
    expect(wrapText('Start it: keg tap start shop', 40)).to.deep.equal(['Start it: keg tap start shop'])
    expect(wrapText(`Run it: ${command}`, undefined)).to.deep.equal([`Run it: ${command}`])
  })

  it('wraps sentences at blanks, with their indentation', () => {
    expect(wrapText('  One two three four.\nFive.', 13)).to.deep.equal(['  One two', '  three four.', 'Five.'])
    expect(wrapText('日本語 日本語.', 8)).to.deep.equal(['日本語', '日本語.'])
  })

  it('puts each command whole on its own line', () => {
    expect(wrapText(`  Run it again: ${command}`, 40)).to.deep.equal(['  Run it again:', `  ${command}`])
    expect(
      wrapText(`It runs already. Stop it: ${command}. Or wait for as long as it takes to end: ${command}`, 40),
    ).to.deep.equal(['It runs already. Stop it:', command, 'Or wait for as long as it takes to end:', command])
    expect(wrapText(command, 40)).to.deep.equal([command])
    expect(wrapText('Give it what it needs with: --network shop_default --init', 30)).to.deep.equal([
      'Give it what it needs with:',
      '--network shop_default --init',
    ])
    expect(wrapText('Install it: https://github.com/mutagen-io/mutagen/releases', 20).at(-1)).to.match(
      /^https:.*releases$/,
    )
  })

  it('wraps other text after a colon', () => {
    expect(wrapText('The engine says: no such image, docker has none', 24)).to.deep.equal([
      'The engine says: no such',
      'image, docker has none',
    ])
  })

  it('never breaks a command, at any width', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 120}), fc.lorem({mode: 'sentences', maxCount: 3}), (width, sentence) => {
        const lines = wrapText(`${sentence} Do this: ${command}`, width)
        expect(lines.at(-1)?.endsWith(command)).to.equal(true)
      }),
    )
  })
})
