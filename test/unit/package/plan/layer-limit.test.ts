import {expect} from 'chai'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {checkLayerCount} from '../../../../src/lib/package/plan/layer-limit.js'
import {containerWith, imageWith} from '../details.js'

describe('layer limit', () => {
  const baseOf = (layers: number) => ({
    ...imageWith(),
    RootFS: {Type: 'layers', Layers: Array<string>(layers).fill('')},
  })
  const count = (layers: number, mounts: number, hasAgentFiles = false): number =>
    checkLayerCount(containerWith(), baseOf(layers), {mounts, hasAgentFiles})

  it('allows 125', () => {
    expect([count(1, 0), count(3, 2, true), count(120, 4)]).to.deep.equal([2, 7, 125])
  })

  it('refuses more, and says where they come from', () => {
    expect(() => count(120, 4, true))
      .to.throw(FailedError, '126 layers, and engines support at most 125: 120 of the image of app')
      .with.property('code', 'layers-too-many')
  })
})
