import {expect} from 'chai'
import type {HistoryRow} from '../../../src/lib/engine/types.js'
import {layerSizes} from '../../../src/lib/image/layer-sizes.js'
import {imageWith} from '../package/details.js'

/** The sizes for an image with this many layers and a history with these sizes, oldest first. */
function sizesOf(layers: number, ...sizes: readonly number[]) {
  const rows = sizes.map((Size, index): HistoryRow => ({
    Created: index,
    CreatedBy: `RUN step ${index}`,
    Comment: '',
    Size,
  }))
  const Layers = Array.from({length: layers}, (_, index) => `sha256:${index}`)
  const engine = {imageHistory: () => Promise.resolve([...rows].reverse())}
  return layerSizes(engine, {...imageWith(), RootFS: {Type: 'layers', Layers}})
}

describe('sizes of layers', () => {
  it('are those of the steps that made them, from the bottom', async () => {
    expect(await sizesOf(2, 100, 0, 20)).to.deep.equal({total: 120, layers: [100, 20]})
    expect(await sizesOf(3, 100, 0, 20)).to.deep.equal({total: 120, layers: [100, 0, 20]})
  })

  it('are only known in total if the history does not fit the layers', async () => {
    expect(await sizesOf(1, 100, 20)).to.deep.equal({total: 120, layers: []})
  })
})
