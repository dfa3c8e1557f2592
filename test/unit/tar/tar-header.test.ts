import {expect} from 'chai'
import fc from 'fast-check'
import {buffer} from 'node:stream/consumers'
import {BLOCK, bytesToText, encodeHeader, END_OF_TAR, textToBytes} from '../../../src/lib/tar/tar-header.js'
import {inChunks} from '../../support/chunks.js'
import {readTar as readIndependently} from '../../support/tar.js'
import {file, header, path} from './arbitrary.js'
import {archiveOf, filesOf, headerOf} from './archive.js'
import {readTar} from '../../../src/lib/tar/read-tar.js'

describe('tar header', () => {
  it('is read back as written, with any values', async () => {
    await fc.assert(
      fc.asyncProperty(header, async (written) => {
        // Without content: sizes can be as large as the number allows.
        for await (const entry of readTar(inChunks(encodeHeader(written)))) {
          expect(entry.header).to.deep.equal(written)
          return
        }
        expect.fail('nothing was read')
      }),
      {
        numRuns: 400,
        examples: [99, 100, 101, 155, 256, 5000].map((length) => [headerOf('n'.repeat(length))]),
      },
    )
  })

  it('is the same for an independent reader', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, {maxLength: 3}), async (files) => {
        const members = []
        for await (const {body, ...member} of readIndependently(inChunks(archiveOf(files))))
          members.push({...member, content: await buffer(body)})
        expect(members).to.deep.equal(
          files.map(({content, header: {deviceMajor, deviceMinor, path, type, xattrs, ...rest}}) => ({
            ...rest,
            content,
            major: deviceMajor,
            minor: deviceMinor,
            name: type === 'directory' ? `${path}/` : path,
            type: type === 'character' || type === 'block' ? `${type} device` : type,
            xattrs: new Map([...xattrs].map(([key, value]) => [bytesToText(key), value])),
          })),
        )
      }),
    )
  })

  it('consists of whole blocks, with the same bytes for any order of attributes', () => {
    fc.assert(
      fc.property(header, (written) => {
        const reversed = {...written, xattrs: new Map([...written.xattrs].reverse())}
        expect(encodeHeader(written).length % BLOCK).to.equal(0)
        expect(encodeHeader(reversed)).to.deep.equal(encodeHeader(written))
      }),
    )
  })

  it('is one ustar block if that can contain everything', () => {
    const plain = headerOf('p'.repeat(100), {uid: 0o7777777, gid: 0o7777777, size: 8 ** 11 - 1, mtime: 8 ** 11 - 1})
    expect(encodeHeader(plain)).to.have.length(BLOCK)
    expect(encodeHeader(plain).toString('latin1', 257, 265)).to.equal('ustar\u000000')
    const larger = [
      headerOf('p'.repeat(101)),
      headerOf('\u00e4'),
      headerOf('a', {type: 'symlink', link: 't'.repeat(101)}),
      headerOf('a', {uid: 0o7777777 + 1}),
      headerOf('a', {gid: 0o7777777 + 1}),
      headerOf('a', {size: 8 ** 11}),
      headerOf('a', {mtime: 8 ** 11}),
      headerOf('a', {mtime: -1}),
      headerOf('a', {xattrs: new Map([['user.empty', Buffer.alloc(0)]])}),
    ]
    for (const each of larger) expect(encodeHeader(each), JSON.stringify(each)).to.have.length(3 * BLOCK)
  })

  it('contains no name of a user or of this machine', () => {
    expect(encodeHeader(headerOf('a')).toString('latin1', 265, 329)).to.equal('\0'.repeat(64))
  })

  it('includes the length of a pax record in itself, with any number of digits', async () => {
    const lengths = [1, 2, 3, 4].flatMap((digits) => Array.from({length: 16}, (_, more) => 10 ** digits - 14 + more))
    for (const length of lengths.filter((each) => each > 0)) {
      const written = headerOf('a', {xattrs: new Map([['user.x', Buffer.alloc(length, 1)]])})
      const [read] = await filesOf(inChunks(Buffer.concat([encodeHeader(written), END_OF_TAR])))
      expect(read?.header, String(length)).to.deep.equal(written)
    }
  })
})

describe('byte strings', () => {
  it('convert to text and back', () => {
    fc.assert(fc.property(fc.string({unit: 'grapheme'}), (text) => bytesToText(textToBytes(text)) === text))
    expect(textToBytes('\u00e4')).to.equal('\u00c3\u00a4')
  })

  it('convert to text even if they are not UTF-8', () => {
    fc.assert(fc.property(path, (bytes) => typeof bytesToText(bytes) === 'string'))
    expect(bytesToText('a\u00ff')).to.equal('a\ufffd')
  })
})
