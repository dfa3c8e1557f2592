import {expect} from 'chai'
import fc from 'fast-check'
import {checkTapName, cleanTapName, isTapName} from '../../../src/lib/reference/tap-name.js'

describe('names of taps', () => {
  it('are lower case letters, digits and dashes', () => {
    for (const name of ['a', 'shop', 'shop-2', 'a'.repeat(40)]) expect(isTapName(name), name).to.equal(true)
    const wrong = [
      '',
      'Shop',
      'my shop',
      'a/b',
      'a:b',
      'a_b',
      'a.b',
      '2shop',
      '-shop',
      'shop-',
      'é',
      'a'.repeat(41),
      'a\n',
    ]
    for (const name of wrong) expect(isTapName(name), JSON.stringify(name)).to.equal(false)
  })

  it('are refused with a valid one to use', () => {
    const error = (name: string): unknown => {
      try {
        checkTapName(name)
        return undefined
      } catch (problem) {
        return problem
      }
    }
    expect(error('team/Shop')).to.include({code: 'tap-name-invalid', exitCode: 2}).and.to.have.property('hint')
    expect(error('team/Shop')).to.have.property('hint').that.contains('For example: team-shop')
    expect(error('///')).to.have.property('hint').that.does.not.contain('For example')
    expect(error('a\u001b[31m')).to.have.property('message').that.does.not.contain('\u001b')
    expect(error('shop')).to.equal(undefined)
  })

  it('can be made from a folder’s name', () => {
    expect(cleanTapName('My Shop')).to.equal('my-shop')
    expect(cleanTapName('@team/Café_2.0')).to.equal('team-cafe-2-0')
    expect(cleanTapName('2024 shop')).to.equal('shop')
    expect(cleanTapName('x'.repeat(39) + ' y')).to.equal('x'.repeat(39))
    expect(cleanTapName('42')).to.equal(undefined)
  })

  it('are valid for compose projects, containers and DNS labels, whatever they are made from', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme'}), (text) => {
        const name = cleanTapName(text)
        if (name === undefined) return
        expect(isTapName(name)).to.equal(true)
        expect(name).to.match(/^[a-z0-9][a-z0-9_-]*$/)
        expect(name).to.match(/^[a-zA-Z0-9][\w.-]+$|^[a-z]$/)
        expect(name).to.match(/^(?!-)[a-z0-9-]{1,63}(?<!-)$/)
        expect(cleanTapName(name)).to.equal(name)
      }),
    )
  })
})
