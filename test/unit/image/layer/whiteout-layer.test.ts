import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {foldersAbove, whiteoutLayer, onlyHides} from '../../../../src/lib/image/layer/whiteout-layer.js'
import {readTar} from '../../../../src/lib/tar/read-tar.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'
import {inChunks} from '../../../support/chunks.js'
import {archiveOf, headerOf, without} from '../../tar/archive.js'

const created = '2026-01-02T03:04:05.000Z'
const paths = ['/home/n\u00f6de/.mutagen', '/root/.mutagen']
const parents = foldersAbove(paths).map((path) =>
  headerOf(textToBytes(path.slice(1)), {type: 'directory', mode: 0o700}),
)

function contentOf({uncompressed}: ReturnType<typeof whiteoutLayer>): Promise<Buffer> {
  return buffer(uncompressed())
}

describe('a whiteout layer', () => {
  it('has the folders above unchanged, and a whiteout for each path', async () => {
    const layer = whiteoutLayer({paths, parents}, created)
    const found: [string, string, number][] = []
    for await (const {header} of readTar(inChunks(await contentOf(layer))))
      found.push([header.path, header.type, header.mode])
    expect(found).to.deep.equal([
      ['home', 'directory', 0o700],
      [textToBytes('home/n\u00f6de'), 'directory', 0o700],
      ['root', 'directory', 0o700],
      [textToBytes('home/n\u00f6de/.wh..mutagen'), 'file', 0],
      ['root/.wh..mutagen', 'file', 0],
    ])
    expect(await layer.size()).to.equal((await contentOf(layer)).length)
    expect(layer).to.deep.include({kind: 'whiteout', paths})
    expect(whiteoutLayer({paths, parents}, 'later').diffId).to.equal(layer.diffId)
  })

  it('is recognized, and nothing else is', async () => {
    const read = async () => inChunks(await contentOf(whiteoutLayer({paths, parents}, created)))
    expect(await onlyHides(paths, await read())).to.equal(true)
    expect(await onlyHides(paths.slice(1), await read())).to.equal(false)
    for (const other of ['root/file', 'root/.wh.other', 'etc'])
      expect(
        await onlyHides(
          paths,
          inChunks(archiveOf([without('root', {type: 'directory'}), without(other, {type: 'file'})])),
        ),
        other,
      ).to.equal(false)
    expect(await onlyHides(paths, inChunks(Buffer.from('no tar'.repeat(200))))).to.equal(false)
  })
})
