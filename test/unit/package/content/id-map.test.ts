import {expect} from 'chai'
import {parseIdMap} from '../../../../src/lib/package/content/id-map.js'

describe('id map', () => {
  it("maps a machine's ids to the container's ids", () => {
    const map = parseIdMap('         0       1000          1\n         1     100000      65536\n')
    expect([1000, 100000, 100041, 165535, 165536, 0].map(map)).to.deep.equal([0, 1, 42, 65536, 65534, 65534])
  })

  it('keeps ids outside a user namespace', () => {
    const map = parseIdMap('         0          0 4294967295\n')
    expect([0, 1000, 4294967294].map(map)).to.deep.equal([0, 1000, 4294967294])
  })
})
