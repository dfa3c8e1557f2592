import {expect} from 'chai'

import {overlaps} from '../../../scripts/setup/bridge.js'

describe('overlaps', () => {
  it('is true if the networks share an address', () => {
    expect(overlaps('10.0.0.0/8', '10.224.0.0/16')).to.equal(true)
    expect(overlaps('10.224.3.4', '10.224.0.0/16')).to.equal(true)
    expect(overlaps('0.0.0.0/0', '172.20.0.0/16')).to.equal(true)
    expect(overlaps('10.224.0.1/17', '10.224.128.0/17')).to.equal(false)
    expect(overlaps('10.225.0.0/16', '10.224.0.0/16')).to.equal(false)
    expect(overlaps('192.168.0.0/16', '172.20.0.0/16')).to.equal(false)
  })
})
