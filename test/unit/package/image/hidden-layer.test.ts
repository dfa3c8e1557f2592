import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {foldersAbove, hiddenLayer, onlyHides} from '../../../../src/lib/package/image/hidden-layer.js'
import {readTar} from '../../../../src/lib/tar/read-tar.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'
import {inChunks} from '../../../support/chunks.js'
import {archiveOf, headerOf, without} from '../../tar/archive.js'

const created = '2026-01-02T03:04:05.000Z'
const paths = ['/home/n\u00f6de/.mutagen', '/root/.mutagen']
const parents = foldersAbove(paths).map((path) =>
  headerOf(textToBytes(path.slice(1)), {type: 'directory', mode: 0o700}),
)

async function contentOf({content}: ReturnType<typeof hiddenLayer>): Promise<Buffer> {
  if (content.kind !== 'tar') throw new Error('it is to be written')
  return buffer(content.read())
}

describe('a layer that hides', () => {
  it('has the folders above as they are, and a deletion for each path', async () => {
    const layer = hiddenLayer({paths, parents}, created)
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
    expect(layer.content).to.include({size: (await contentOf(layer)).length})
    expect(hiddenLayer({paths, parents}, 'later').diffId).to.equal(layer.diffId)
  })

  it('is known again, and nothing else is', async () => {
    const read = async () => inChunks(await contentOf(hiddenLayer({paths, parents}, created)))
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
