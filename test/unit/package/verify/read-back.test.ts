import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {EngineError} from '../../../../src/lib/engine/engine-error.js'
import type {ImageDetails} from '../../../../src/lib/engine/types.js'
import {CONFIGURATION_CHANGED} from '../../../../src/lib/package/verify/difference.js'
import {DamagedImageError, readBack} from '../../../../src/lib/package/verify/read-back.js'
import {writeTar, type FileEntry} from '../../../support/tar.js'
import {thrown} from '../../../support/thrown.js'
import {testWork} from '../../../support/work.js'

const image = {Id: `sha256:${'1'.repeat(64)}`, RootFS: {Layers: []}} as unknown as ImageDetails

/** How reading an image back fails, when the engine sends these files and then an error. */
async function failureAfter(files: readonly FileEntry[], response: string): Promise<unknown> {
  // Without the blocks that end a tar.
  const archive = files.length === 0 ? Buffer.alloc(0) : writeTar(files).subarray(0, -1024)
  // oxlint-disable-next-line typescript/require-await
  async function* broken(): AsyncGenerator<Buffer> {
    if (archive.length > 0) yield archive
    throw new EngineError(0, response)
  }
  await using work = testWork({engine: {imageStore: 'containerd', saveImage: () => Promise.resolve(broken())}})
  return await thrown(readBack(work, {image}))
}

describe('an image that its engine finds damaged while it is read back', () => {
  const content = Buffer.alloc(5000, 'a damaged layer')
  const found = `sha256:${createHash('sha256').update(content).digest('hex')}`
  const [name, message] = ['2'.repeat(64), `unexpected digest ${found} copied`]
  const layers = [
    {path: `blobs/sha256/${'0'.repeat(64)}`, content: 'another'},
    {path: `blobs/sha256/${name}`, content},
  ]

  it('has a changed layer, which is named by the digest it should have', async () => {
    const error = await failureAfter(layers, message)
    expect(error).to.be.instanceOf(DamagedImageError)
    const expected = `sha256:${name}`
    const keywords = [{keyword: 'digest', expected, found}]
    expect(error).to.deep.include({difference: {what: 'changed', path: null, layer: expected, keywords}})
  })

  it('has a changed configuration, if it was none of the layers', async () => {
    for (const files of [[], layers.slice(0, 1)])
      expect(await failureAfter(files, message)).to.deep.include({difference: CONFIGURATION_CHANGED})
  })

  it('has a changed file, if the engine knows it', async () => {
    const error = await failureAfter(layers, 'file integrity checksum failed for "etc/a file"')
    const difference = {what: 'changed', path: '/etc/a file', layer: null, keywords: []}
    expect(error).to.deep.include({difference})
  })

  it('is another matter if the engine failed for another reason', async () => {
    expect(await failureAfter(layers, 'no space left on device')).to.include({code: 'engine-full'})
  })
})
