import {expect} from 'chai'
import {PathLengths} from '../../../../src/lib/package/mount/path-lengths.js'

/** A path with this number of bytes. */
function pathOf(length: number): string {
  return `v/${'0'.repeat(length - 2)}`
}

function lengthsOf(imageStore: 'graph' | 'containerd', root?: string): PathLengths {
  const info = root === undefined ? {} : {DockerRootDir: root}
  return new PathLengths({imageStore, facts: {version: {ApiVersion: '1.41', Version: '20.10'}, info}})
}

describe('lengths of paths', () => {
  it('are fine as long as engines can prepend their folder', () => {
    for (const lengths of [lengthsOf('graph'), lengthsOf('containerd', '/var/lib/docker')]) {
      lengths.take(pathOf(3990))
      lengths.takeOfMount({path: pathOf(3800), type: 'directory'}, 'v')
      expect(lengths.warnings).to.deep.equal([])
    }
  })

  for (const store of ['graph', 'containerd'] as const)
    it(`are refused if the engine, with its own folder, could not unpack them: ${store}`, () => {
      expect(() => lengthsOf(store, '/var/lib/docker').take(pathOf(4010)))
        .to.throw()
        .with.property('code', 'path-too-long')
      const root = `/srv/${'x'.repeat(100)}`
      expect(() => lengthsOf(store, root).take(pathOf(3950)))
        .to.throw()
        .with.property('code', 'path-too-long')
    })

  it('of folders in a mount warn that deeper names might be missing', () => {
    const lengths = lengthsOf('graph')
    lengths.takeOfMount({path: pathOf(3838), type: 'directory'}, 'v')
    lengths.takeOfMount({path: pathOf(3990), type: 'file'}, 'v')
    expect(lengths.warnings).to.deep.equal([])
    lengths.takeOfMount({path: pathOf(3900), type: 'directory'}, 'v')
    expect(lengths.warnings[0]).to.match(/^The path of the folder \/v\/0+…0+ is so long \(3,900 bytes\)/)
  })
})
