import {expect} from 'chai'
import {storeTraits} from '../../../../src/lib/image/store/store-traits.js'

describe('traits of image stores', () => {
  it('count a file’s size on disk if the engine does', () => {
    const counted = (imageStore: 'graph' | 'containerd') =>
      [
        {type: 'file' as const, size: 1},
        {type: 'file' as const, size: 4097},
        {type: 'directory' as const, size: 0},
      ].map(storeTraits({imageStore}).countedBytes)
    expect(counted('graph')).to.deep.equal([1, 4097, 0])
    expect(counted('containerd')).to.deep.equal([4096, 8192, 4096])
  })
})
