import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {BLOCK, encodeHeader} from '../../../src/lib/tar/tar-header.js'
import {entryBytes} from '../../../src/lib/tar/write-tar.js'
import {inChunks} from '../../support/chunks.js'
import {headerOf} from './archive.js'

describe('an entry of a tar', () => {
  for (const size of [0, 1, 511, 512, 65_535, 65_536, 65_537, 200_000])
    it(`with ${size} bytes is its header, its content and zeros, and each byte of the content was shown`, async () => {
      const content = Buffer.from(Array.from({length: size}, (_, index) => 1 + (index % 250)))
      const header = headerOf('srv/file', {size})
      const seen: Buffer[] = []
      const tar = await buffer(entryBytes({header, content: inChunks(content, 1000)}, (chunk) => seen.push(chunk)))
      expect(tar.length % BLOCK).to.equal(0)
      expect(tar.length - BLOCK - size).to.be.within(0, BLOCK - 1)
      expect(
        tar.equals(Buffer.concat([encodeHeader(header), content, Buffer.alloc(tar.length - BLOCK - size)])),
      ).to.equal(true)
      expect(Buffer.concat(seen).equals(content)).to.equal(true)
    })

  it('is handed over in one piece if it is small', async () => {
    const pieces: Buffer[] = []
    const header = headerOf('srv/file', {size: 3000})
    for await (const piece of entryBytes({header, content: inChunks(Buffer.alloc(3000), 100)})) pieces.push(piece)
    expect(pieces.map(({length}) => length)).to.deep.equal([BLOCK + 3072])
  })
})
