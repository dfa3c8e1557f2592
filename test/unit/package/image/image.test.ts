import {expect} from 'chai'
import {configFile} from '../../../../src/lib/package/image/image.js'
import {imageOf, parsed, storedLayer, writtenLayer} from './written.js'

describe('configuration file of an image', () => {
  const layers = [storedLayer('base'), writtenLayer('data', 10)]
  const created = '2024-01-02T03:04:05.000Z'

  it('is as the OCI image-spec has it: one diffID and one step a layer, the other steps between them', () => {
    expect(parsed(configFile(imageOf(layers)))).to.deep.equal({
      created,
      author: 'Ada',
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      config: {Cmd: ['x']},
      rootfs: {type: 'layers', diff_ids: layers.map(({diffId}) => diffId)},
      history: [
        {created, created_by: 'ARG first', empty_layer: true},
        {created, created_by: 'ADD base'},
        {created, created_by: 'ENV A=b', empty_layer: true},
        {created, created_by: 'keg data'},
        {created, created_by: 'CMD ["x"]', empty_layer: true},
      ],
    })
  })

  it('is the same bytes each time: its digest is the id of the image', () => {
    expect(configFile(imageOf(layers))).to.deep.equal(configFile(imageOf(layers)))
    expect(configFile(imageOf(layers.slice(1)))).to.not.deep.equal(configFile(imageOf(layers)))
  })
})
