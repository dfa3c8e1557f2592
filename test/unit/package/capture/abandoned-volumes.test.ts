import {expect} from 'chai'
import {anonymousVolumes} from '../../../../src/lib/package/capture/abandoned-volumes.js'

const id = (digit: string): string => digit.repeat(64)

function mount(
  type: string,
  name?: string,
): {Type: string; Name?: string; Source: string; Destination: string; RW: boolean} {
  return {Type: type, ...(name !== undefined && {Name: name}), Source: '/source', Destination: '/x', RW: true}
}

describe('anonymous volumes of a container', () => {
  it('are the volumes that the engine named', () => {
    const Mounts = [mount('volume', id('a')), mount('volume', 'named'), mount('bind'), mount('tmpfs')]
    expect(anonymousVolumes({HostConfig: {}, Mounts})).to.deep.equal([id('a')])
  })

  it('do not include a volume that somebody named the same way', () => {
    const Mounts = [mount('volume', id('a')), mount('volume', id('b')), mount('volume', id('c'))]
    const HostConfig = {Binds: [`${id('a')}:/a:ro`], Mounts: [{Type: 'volume', Source: id('b'), Target: '/b'}]}
    expect(anonymousVolumes({HostConfig, Mounts})).to.deep.equal([id('c')])
    expect(anonymousVolumes({HostConfig: {Binds: null, Mounts: null}, Mounts})).to.have.length(3)
  })
})
