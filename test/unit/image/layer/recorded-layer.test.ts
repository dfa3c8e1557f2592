import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {gunzipSync} from 'node:zlib'
import {Cleanup} from '../../../../src/lib/async/cleanup.js'
import {compress} from '../../../../src/lib/image/archive/compress.js'
import type {Encoder} from '../../../../src/lib/image/archive/encoded-tar.js'
import {measure} from '../../../../src/lib/image/archive/measure.js'
import {EntryList} from '../../../../src/lib/image/entry-list.js'
import {mountLayer} from '../../../../src/lib/image/layer/mount-layer.js'
import {recordedLayer} from '../../../../src/lib/image/layer/recorded-layer.js'
import type {MountLayer} from '../../../../src/lib/image/model.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'
import {archiveOf, fileWith, without} from '../../tar/archive.js'
import {sha256} from '../written.js'

const files = [
  without('mount', {type: 'directory'}),
  fileWith('mount/a', 'x'.repeat(1000)),
  fileWith('mount/b', 'y'.repeat(24)),
  without('mount/c', {type: 'hardlink', link: 'mount/a'}),
]
const encoders: Readonly<Record<string, Encoder>> = {
  'for a store that takes layers as they are': measure,
  'for a store that takes them compressed': compress,
}

describe('layer of a recorded mount', () => {
  let cleanup: Cleanup
  beforeEach(() => (cleanup = new Cleanup()))
  afterEach(() => cleanup[Symbol.asyncDispose]())

  interface Made {
    readonly archived?: typeof files
    readonly encode?: Encoder
    readonly onBytes?: (bytes: number) => void
    readonly onRead?: () => void
    readonly signal?: AbortSignal
  }

  function make({archived = files, encode = measure, onRead, signal, ...more}: Made = {}): Promise<MountLayer> {
    const read = () => {
      onRead?.()
      return inChunks(archiveOf(archived))
    }
    return recordedLayer({
      ...more,
      recording: {path: '/srv/data', mountPointsBelow: [], agentFiles: [], parents: [], read},
      destination: '/data',
      type: 'volume',
      isEmpty: false,
      created: '2026-01-02T03:04:05.000Z',
      encode,
      cleanup,
      signal: signal ?? new AbortController().signal,
    })
  }

  for (const [what, encode] of Object.entries(encoders))
    it(`${what} describes the exact bytes that it has`, async () => {
      const layer = await make({encode})
      const tar = await buffer(mountLayer(layer.recording))
      expect(layer).to.deep.include({diffId: sha256(tar), contentBytes: 1024, entries: files.length})
      expect(layer).to.deep.include({kind: 'mount', path: '/srv/data', destination: '/data', isEmpty: false})
      expect(layer.history.created_by).to.equal('keg docker package: volume /srv/data')
      expect(await layer.size()).to.equal(tar.length)
      expect((await buffer(layer.uncompressed())).equals(tar)).to.equal(true)
    })

  it('is read and compressed once if a store takes it compressed', async () => {
    let reads = 0
    const {compressed, recording} = await make({encode: compress, onRead: () => reads++})
    expect(reads).to.equal(1)
    const blob = await buffer(compressed?.read() ?? inChunks(Buffer.alloc(0)))
    expect({digest: sha256(blob), size: blob.length}).to.deep.equal({
      digest: compressed?.digest,
      size: compressed?.size,
    })
    expect(gunzipSync(blob).equals(await buffer(mountLayer(recording)))).to.equal(true)
  })

  it('reports how many bytes are done', async () => {
    const seen: number[] = []
    const layer = await make({onBytes: (bytes) => seen.push(bytes)})
    expect(seen).to.deep.equal([...seen].sort((left, right) => left - right))
    expect(seen.at(-1)).to.equal(await layer.size())
  })

  it('has the digest of its file list, which changes with the content', async () => {
    const digests = []
    for (const text of ['one', 'two'])
      digests.push((await make({archived: [...files, fileWith('mount/d', text)]})).listDigest)
    expect(digests[0]).to.not.equal(digests[1])
    expect(digests).to.not.include(new EntryList().digest())
  })

  it('stops when it is aborted', async () => {
    const stop = new AbortController()
    const error = await thrown(make({onBytes: () => stop.abort(new Error('enough')), signal: stop.signal}))
    expect(error.message).to.equal('enough')
  })
})
