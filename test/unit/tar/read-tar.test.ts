import {expect} from 'chai'
import fc from 'fast-check'
import {buffer} from 'node:stream/consumers'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {readTar} from '../../../src/lib/tar/read-tar.js'
import type {SkippableStream} from '../../../src/lib/tar/skippable-stream.js'
import {BLOCK, encodeHeader, END_OF_TAR} from '../../../src/lib/tar/tar-header.js'
import {cutAt, inChunks} from '../../support/chunks.js'
import {writeTar} from '../../support/tar.js'
import {thrown} from '../../support/thrown.js'
import {file} from './arbitrary.js'
import {archiveOf, fileWith, filesOf, headerOf, without} from './archive.js'

const sample = [
  without('folder', {type: 'directory', mode: 0o2750}),
  fileWith(`folder/${'long'.repeat(40)}`, 'x'.repeat(700), {xattrs: new Map([['user.a', Buffer.from('\0\xff\n')]])}),
  without('folder/link', {type: 'hardlink', link: `folder/${'long'.repeat(40)}`}),
  fileWith('folder/b\u00ffd', 'y'),
]

/** Offset of the first of the two blocks that end a tar. */
function endOf(archive: Buffer): number {
  return archive.length - END_OF_TAR.length
}

/** Updates the checksum of a header block. */
function sign(block: Buffer): Buffer {
  block.fill(' ', 148, 156)
  const sum = block.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

async function refusal(archive: Buffer): Promise<Error> {
  const error = await thrown(filesOf(inChunks(archive)))
  expect(error).to.be.instanceOf(FailedError)
  expect(error).to.include({code: 'tar-invalid'})
  return error
}

/** Reads any bytes: either a tar, or refused as none; every other error is a bug. */
async function readAnything(archive: Buffer): Promise<void> {
  try {
    for (const {content, header} of await filesOf(inChunks(archive))) {
      expect(header.size).to.equal(content.length)
      expect(header.path).to.not.match(/^\/|\/$|(?:^|\/)\.{0,2}\/|(?:^|\/)\.{1,2}$/)
      for (const number of [header.mode, header.uid, header.gid, header.mtime, header.deviceMajor, header.deviceMinor])
        expect(number).to.satisfy(Number.isSafeInteger)
    }
  } catch (error) {
    if (!(error instanceof FailedError)) throw error
    expect(error).to.include({code: 'tar-invalid'})
  }
}

/** Bytes as a stream that can leave some out, and counts those that it gave. */
function skippable(bytes: Buffer, chunk: number): SkippableStream & {given(): number} {
  let [at, given] = [0, 0]
  const end = {done: true, value: undefined} as const
  return {
    next() {
      const value = bytes.subarray(at, at + chunk)
      at += value.length
      given += value.length
      return Promise.resolve(value.length === 0 ? end : {done: false, value})
    },
    skip(length) {
      at += length
    },
    given: () => given,
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Reads entries, and nothing of their contents. */
async function passOverAll(entries: AsyncIterator<unknown>): Promise<void> {
  while ((await entries.next()).done !== true);
}

describe('tar reader', () => {
  it('returns the written files, in order and with their content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, {maxLength: 4}), async (files) => {
        expect(await filesOf(inChunks(archiveOf(files)))).to.deep.equal(files)
      }),
    )
  })

  it('reads the archive of an independent writer', async () => {
    const archive = writeTar([
      {path: './', type: 'directory', mode: 0o1777},
      {path: Buffer.from([0x62, 0xff, 0x0a]), content: 'odd', uid: 3_000_000, mode: 0o4711},
      {path: 'n'.repeat(300), type: 'symlink', link: '../'.repeat(60)},
      {path: 'null', type: 'character device', device: {major: 1, minor: 3}},
      {path: '/absolute', type: 'hardlink', link: './null', xattrs: {'user.x': Buffer.from([0, 0xff])}},
    ])
    expect(await filesOf(inChunks(archive, 100))).to.deep.equal([
      without('', {type: 'directory', mode: 0o1777}),
      fileWith('b\u00ff\n', 'odd', {uid: 3_000_000, mode: 0o4711}),
      without('n'.repeat(300), {type: 'symlink', mode: 0o777, link: '../'.repeat(60)}),
      without('null', {type: 'character', deviceMajor: 1, deviceMinor: 3}),
      without('absolute', {type: 'hardlink', link: 'null', xattrs: new Map([['user.x', Buffer.from([0, 0xff])]])}),
    ])
  })

  describe('accepts any chunks', () => {
    const archive = archiveOf(sample)
    for (const size of [1, 7, 511, 512, 513, 10_240])
      it(`in chunks of ${size}`, async () => expect(await filesOf(inChunks(archive, size))).to.deep.equal(sample))

    it('in chunks of any sizes, empty ones too', async () => {
      const places = fc.array(fc.nat({max: archive.length}), {maxLength: 30})
      await fc.assert(
        fc.asyncProperty(places, async (cuts) => {
          expect(await filesOf(cutAt(archive, cuts))).to.deep.equal(sample)
        }),
      )
    })
  })

  it('skips content that is not read, or only in part', async () => {
    const archive = archiveOf([fileWith('a', 'x'.repeat(2000)), fileWith('b', 'y'.repeat(2000)), fileWith('c', 'z')])
    const paths: string[] = []
    for await (const {content, header} of readTar(inChunks(archive, 300))) {
      paths.push(header.path)
      if (header.path === 'b')
        for await (const chunk of content) {
          expect(chunk.toString()).to.match(/^y+$/)
          break
        }
    }
    expect(paths).to.deep.equal(['a', 'b', 'c'])
  })

  it('reads its source to the end, even after the end of the tar, and closes it', async () => {
    const archive = Buffer.concat([archiveOf(sample), Buffer.alloc(10_240), Buffer.from('whatever')])
    let [given, isClosed] = [0, false]
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of inChunks(archive, 1000)) {
          given += chunk.length
          yield chunk
        }
      } finally {
        isClosed = true
      }
    }
    expect(await filesOf(source())).to.have.length(sample.length)
    expect({given, isClosed}).to.deep.equal({given: archive.length, isClosed: true})

    isClosed = false
    for await (const {header} of readTar(source())) if (header.path === 'folder') break
    expect(isClosed, 'stopped early').to.equal(true)
  })

  it('passes on an error of its source', async () => {
    const broken = new Error('the connection broke')
    async function* source(): AsyncGenerator<Buffer> {
      yield* inChunks(archiveOf(sample).subarray(0, 1000))
      throw broken
    }
    expect(await thrown(filesOf(source()))).to.equal(broken)
  })

  describe('refuses', () => {
    it('a truncated tar, at any length', async () => {
      const archive = archiveOf(sample)
      const places = Array.from({length: endOf(archive) + BLOCK}, (_, length) => length)
      const nearBorders = (length: number): boolean => (length + 2) % BLOCK < 5
      for (const length of places.filter((place) => nearBorders(place) || place % 7 === 0))
        await refusal(archive.subarray(0, length))
      expect(await filesOf(inChunks(archive.subarray(0, endOf(archive) + BLOCK)))).to.have.length(sample.length)
    })

    it('a header with a single wrong bit, by its checksum', async () => {
      const archive = archiveOf(sample.slice(0, 1))
      for (let bit = 0; bit < BLOCK * 8; bit++) {
        const damaged = Buffer.from(archive)
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const reading = filesOf(inChunks(damaged))
        // Some digits of the checksum field have equivalent spellings, such as `0` and a leading space.
        const files = await reading.catch((error: unknown) => error)
        if (files instanceof Error) expect(files).to.include({code: 'tar-invalid'})
        else expect(files, `bit ${bit}`).to.deep.equal(sample.slice(0, 1))
      }
    })

    const paths = ['..', '../a', 'a/..', 'a/../b', '/../a', './../a', 'a/./../b', 'a//..', '../']
    for (const path of paths)
      it(`the path ${path}, of a file and as a hard link's target`, async () => {
        await refusal(archiveOf([fileWith(path, 'x')]))
        await refusal(archiveOf([without('a', {type: 'hardlink', link: path})]))
        await refusal(archiveOf([fileWith(`${'long/'.repeat(60)}${path}`, 'x')]))
      })

    const types = ['8', 'D', 'M', 'N', 'S', 'V', 'A', 'X', '\u001b', '\u009b']
    for (const type of types)
      it(`the type 0x${type.charCodeAt(0).toString(16)}`, async () => {
        const block = encodeHeader(headerOf('a'))
        block.write(type, 156, 'latin1')
        const error = await refusal(Buffer.concat([sign(block), END_OF_TAR]))
        expect(error.message).to.match(/^[\x20-\x7e]*$/)
      })

    const sizes = {
      'a negative size': [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf8],
      'a negative size of whole blocks': [...Array<number>(10).fill(0xff), 0xfe, 0],
      'a size beyond all numbers': [0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      'a size that is no number': [...Buffer.from('0000000zz00\0')],
    }
    for (const [what, bytes] of Object.entries(sizes))
      it(`${what}, of a file and of a header`, async () => {
        for (const type of ['0', 'x', 'g', 'L', 'K']) {
          const block = encodeHeader(headerOf('a'))
          block.write(type, 156, 'latin1')
          block.set(bytes, 124)
          await refusal(Buffer.concat([sign(block), Buffer.alloc(BLOCK), archiveOf(sample)]))
        }
      })

    it('a header of more than 8 MiB, before it is in memory', async () => {
      const block = encodeHeader(headerOf('a', {size: 8 * 1024 * 1024 + 1}))
      block.write('x', 156, 'latin1')
      let given = 0
      async function* endless(): AsyncGenerator<Buffer> {
        yield sign(block)
        for (; ; given++) yield await Promise.resolve(Buffer.alloc(BLOCK))
      }
      expect(await thrown(filesOf(endless()))).to.include({code: 'tar-invalid'})
      expect(given).to.equal(0)
    })

    const records = {
      'without a length': 'path=a\n',
      'with a length of zero': '0 path=a\n',
      'with a length that is too large': '99 path=a\n',
      'with a length that is too small': '5 path=a\n',
      'with a length that is no whole number': '9.5 path=a\n',
      'without a value': '7 path\n',
      'without its end of line': '11 path=abc',
      'with a size that is no number': '11 size=1x\n',
      'with a negative size': '11 size=-5\n',
      'with a size beyond all numbers': '25 size=9999999999999999\n',
      'with a time beyond all numbers': '26 mtime=9999999999999999\n',
      'of a sparse file': '22 GNU.sparse.major=1\n',
    }
    for (const [what, text] of Object.entries(records))
      it(`a pax record ${what}`, async () => {
        const body = Buffer.alloc(BLOCK)
        body.write(text, 'latin1')
        const block = encodeHeader(headerOf('pax', {size: text.length}))
        block.write('x', 156, 'latin1')
        await refusal(Buffer.concat([sign(block), body, archiveOf([fileWith('b', 'x')])]))
      })

    it('any other bytes, and never fails in another way', async () => {
      await fc.assert(fc.asyncProperty(fc.uint8Array({maxLength: 2048}), (bytes) => readAnything(Buffer.from(bytes))))
    })

    it('modified headers, or returns a valid entry', async () => {
      const change = fc.tuple(fc.nat({max: BLOCK - 1}), fc.nat({max: 255}))
      const changes = fc.array(change, {minLength: 1, maxLength: 12})
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('0', '1', '2', '5', 'x', 'g', 'L', 'K'), changes, async (type, bytes) => {
          const block = encodeHeader(headerOf('a', {size: 512}))
          block.write(type, 156, 'latin1')
          for (const [index, byte] of bytes) block[index] = byte
          await readAnything(Buffer.concat([sign(block), Buffer.alloc(BLOCK, '9 size=1\n'), archiveOf(sample)]))
        }),
        {numRuns: 1000},
      )
    })
  })

  it('leaves out contents that nobody reads, if its source can, and misses nothing else', async () => {
    const sizes = fc.array(fc.nat(9000), {minLength: 1, maxLength: 6})
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({min: 1, max: 6000}), fc.nat(63), async (list, chunk, wanted) => {
        const files = list.map((size, index) => fileWith(`f${index}`, String(index).repeat(size)))
        const source = skippable(archiveOf(files), chunk)
        const isWanted = (index: number): boolean => ((wanted >> index) & 1) === 1
        const read: unknown[] = []
        for await (const {content, header, offset} of readTar(source))
          read.push([header.path, offset, isWanted(read.length) ? String(await buffer(content)) : undefined])
        let offset = 0
        const expected = files.map(({content, header}, index) => {
          const start = (offset += BLOCK)
          offset += Math.ceil(content.length / BLOCK) * BLOCK
          return [header.path, start, isWanted(index) ? String(content) : undefined]
        })
        expect(read).to.deep.equal(expected)
      }),
    )
    const large = skippable(archiveOf([fileWith('large', 'x'.repeat(100_000)), fileWith('small', 'y')]), BLOCK)
    await passOverAll(readTar(large))
    expect(large.given()).to.be.below(6 * BLOCK)
  })

  it('notices that a tar ends too early where it left out content', async () => {
    const whole = archiveOf([fileWith('large', 'x'.repeat(100_000))])
    for (const length of [BLOCK, 50_000, whole.length - 3 * BLOCK]) {
      const error = await thrown(passOverAll(readTar(skippable(whole.subarray(0, length), 1000))))
      expect(error).to.include({code: 'tar-invalid', why: 'it ends too early'})
    }
  })

  it('is not slow for names of slashes', async () => {
    for (const start of ['', 'a'])
      for (const part of ['/', '/./']) {
        const path = `${start}${part.repeat(6_000_000 / part.length)}b`
        const [read] = await filesOf(inChunks(archiveOf([fileWith(path, 'x')])))
        expect(read?.header.path).to.equal(start === '' ? 'b' : 'a/b')
      }
  }).timeout(10_000)

  it('uses little memory for a large file', async () => {
    const [size, chunk] = [256 * 1024 * 1024, Buffer.alloc(1024 * 1024)]
    async function* source(): AsyncGenerator<Buffer> {
      yield encodeHeader(headerOf('a', {size}))
      for (let given = 0; given < size; given += chunk.length) yield await Promise.resolve(chunk)
      yield END_OF_TAR
    }
    const before = process.memoryUsage().arrayBuffers
    let [read, most] = [0, 0]
    for await (const {content} of readTar(source()))
      for await (const part of content) {
        read += part.length
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      }
    expect(read).to.equal(size)
    expect(most).to.be.below(32 * 1024 * 1024)
  })
})
