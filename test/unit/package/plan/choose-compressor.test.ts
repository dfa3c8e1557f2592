import {expect} from 'chai'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {chooseCompressor, type ChooseCompressorOptions} from '../../../../src/lib/package/plan/choose-compressor.js'

const viaRegistry = {via: 'registry', isLoaded: false} as const
const viaEngine = {via: 'engine', isLoaded: true} as const
const usual: ChooseCompressorOptions = {compression: 'gzip', level: undefined, verify: false, way: viaRegistry}

function messageOf(more: Partial<ChooseCompressorOptions>, version = '28.5.2'): string {
  try {
    return chooseCompressor({version}, {...usual, ...more}).mediaType
  } catch (error) {
    expect(error).to.be.instanceOf(UsageError).with.property('code', 'compression-unusable')
    return error instanceof UsageError ? error.message : ''
  }
}

describe('the compression of a package', () => {
  it('is gzip, of any level', () => {
    for (const more of [{}, {level: 9}, {verify: true}, {way: viaEngine}, {way: undefined}])
      expect(messageOf(more)).to.equal('application/vnd.oci.image.layer.v1.tar+gzip')
  })

  it('is not chosen for an engine that pushes', () => {
    for (const more of [{compression: 'zstd'}, {level: 1}] as const)
      expect(messageOf({...more, way: viaEngine})).to.match(/^Only layers that keg itself sends/)
  })

  it('is not zstd for an engine that cannot pull it, and if it is to be verified', () => {
    expect(messageOf({compression: 'zstd'}, '20.10.24+dfsg1')).to.include('20.10.24+dfsg1')
    expect(messageOf({compression: 'zstd', verify: true})).to.include('--verify')
  })
})
