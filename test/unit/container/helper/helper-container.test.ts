import {expect} from 'chai'
import {helperName} from '../../../../src/lib/container/helper/helper-container.js'

describe('helperName', () => {
  it('says whose the container is, and is unique', () => {
    const names = Array.from({length: 100}, () => helperName())
    expect(new Set(names).size).to.equal(100)
    for (const name of names) expect(name).to.match(/^keg-helper-[0-9a-f]{12}$/)
    expect(helperName('lock-0123456789ab')).to.equal('keg-helper-lock-0123456789ab')
  })
})
