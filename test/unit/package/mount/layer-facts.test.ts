import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {buffer} from 'node:stream/consumers'
import {EntryList} from '../../../../src/lib/package/image/entry-list.js'
import {layerFacts} from '../../../../src/lib/package/mount/layer-facts.js'
import {mountLayer} from '../../../../src/lib/package/mount/mount-layer.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'
import {archiveOf, fileWith, without} from '../../tar/archive.js'

const files = [
  without('mount', {type: 'directory'}),
  fileWith('mount/a', 'x'.repeat(1000)),
  fileWith('mount/b', 'y'.repeat(24)),
  without('mount/c', {type: 'hardlink', link: 'mount/a'}),
]
const recording = {path: '/data', hiddenPaths: [], leftOut: [], parents: [], read: () => inChunks(archiveOf(files))}

describe('facts of a layer', () => {
  it('are those of the very bytes that are written later', async () => {
    const seen: number[] = []
    const list = new EntryList()
    const options = {onBytes: (bytes: number) => seen.push(bytes), signal: new AbortController().signal}
    const facts = await layerFacts(recording, list, options)
    const layer = await buffer(mountLayer(recording))
    expect(facts).to.deep.equal({
      diffId: `sha256:${createHash('sha256').update(layer).digest('hex')}`,
      size: layer.length,
      contentBytes: 1024,
    })
    expect(list.entries).to.equal(files.length)
    expect(seen).to.deep.equal([...seen].sort((left, right) => left - right))
    expect(seen.at(-1)).to.equal(layer.length)
  })

  it('enter the list of the package: another content, another digest', async () => {
    const digests = []
    for (const text of ['one', 'two']) {
      const list = new EntryList()
      const read = () => inChunks(archiveOf([...files, fileWith('mount/d', text)]))
      await layerFacts({...recording, read}, list, {onBytes: () => undefined, signal: new AbortController().signal})
      digests.push(list.digest())
    }
    expect(digests[0]).to.not.equal(digests[1])
  })

  it('are given up when they are not wanted any more', async () => {
    const stop = new AbortController()
    const onBytes = (): void => stop.abort(new Error('enough'))
    const error = await thrown(layerFacts(recording, new EntryList(), {onBytes, signal: stop.signal}))
    expect(error.message).to.equal('enough')
  })
})
