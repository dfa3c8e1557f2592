import {expect} from 'chai'

import type {FileEntry, TarMember} from '../../support/tar.js'
import {readTar, writeTar} from '../../support/tar.js'

type ReadEntry = Omit<TarMember, 'body'> & {content: Buffer}

/** In pieces of odd sizes, so that every block border is inside a piece. */
async function* inPieces(archive: Buffer, size = 333): AsyncGenerator<Buffer> {
  for (let start = 0; start < archive.length; start += size)
    yield await Promise.resolve(archive.subarray(start, start + size))
}

async function readAll(archive: Buffer, size?: number): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = []
  for await (const {body, ...rest} of readTar(inPieces(archive, size))) {
    const chunks: Buffer[] = []
    for await (const chunk of body) chunks.push(chunk)
    entries.push({...rest, content: Buffer.concat(chunks)})
  }
  return entries
}

async function failureOf(archive: Buffer): Promise<string> {
  try {
    await readAll(archive)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return 'no failure'
}

/** Updates the checksum of the first header, after a test changed the header. */
function signed(archive: Buffer): Buffer {
  archive.fill(0x20, 148, 156)
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return archive
}

describe('the tar reader of the checker @containerd', () => {
  const entries: FileEntry[] = [
    {path: 'folder', type: 'directory', mode: 0o2750, uid: 1000, gid: 1001},
    {path: 'folder/file', content: 'x'.repeat(1500), mode: 0o4755, mtime: 1_700_000_001},
    {path: 'folder/link', link: 'folder/file', type: 'hardlink'},
    {path: 'folder/empty'},
    {path: `long/${'n'.repeat(300)}`, link: `../${'t'.repeat(200)}`, type: 'symlink'},
    {path: Buffer.from([0x62, 0xff, 0x0a, 0xfe]), content: 'odd name'},
    {path: 'null', device: {major: 1, minor: 3}, type: 'character device'},
    {path: 'pipe', type: 'fifo'},
    {path: 'big-owner', uid: 3_000_000, gid: 4_000_000},
    {path: 'attributes', xattrs: {'security.capability': Buffer.from([1, 0, 0x0a, 0x3d, 0xff, 0])}},
  ]

  for (const size of [1, 333, 512, 100_000])
    it(`returns what was written, read in pieces of ${size} bytes`, async () => {
      const read = await readAll(writeTar(entries), size)
      expect(read.map(({name, type}) => [name, type])).to.deep.equal(
        entries.map(({path, type}) => [Buffer.from(path as string).toString('latin1'), type ?? 'file']),
      )
      expect(read[0]).to.include({mode: 0o2750, uid: 1000, gid: 1001})
      expect(read[1]).to.include({mode: 0o4755, mtime: 1_700_000_001, size: 1500})
      expect(read[1]?.content.toString()).to.equal('x'.repeat(1500))
      expect(read[2]).to.include({link: 'folder/file', size: 0})
      expect(read[4]?.link).to.equal(`../${'t'.repeat(200)}`)
      expect(read[6]).to.include({major: 1, minor: 3})
      expect(read[8]).to.include({uid: 3_000_000, gid: 4_000_000})
      expect(read[9]?.xattrs.get('security.capability')?.toString('hex')).to.equal('01000a3dff00')
      expect(read[5]?.xattrs.size).to.equal(0)
    })

  it('skips bodies that are not read', async () => {
    const names: string[] = []
    for await (const member of readTar(inPieces(writeTar(entries)))) names.push(member.name)
    expect(names).to.have.length(entries.length)
  })

  it('reads the long names of GNU tar', async () => {
    const name = `${'g'.repeat(150)}/name`
    const extension = writeTar([{path: '././@LongLink', content: `${name}\0`}]).subarray(0, 1024)
    extension.write('L', 156, 'latin1')
    const archive = Buffer.concat([signed(extension), writeTar([{path: name.slice(0, 100), content: 'c'}])])
    expect((await readAll(archive)).map((entry) => entry.name)).to.deep.equal([name])
  })

  it('reads numbers in base 256', async () => {
    const archive = writeTar([{path: 'file', content: 'abc'}])
    Buffer.from([0x80, 0, 0, 0, 0x01, 0, 0, 0]).copy(archive, 108)
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]).copy(archive, 136)
    expect((await readAll(signed(archive)))[0]).to.include({uid: 2 ** 24, mtime: -2, size: 3})
  })

  it('rounds down a time with fractions of a second', async () => {
    const data = Buffer.from('20 mtime=1700000.75\n')
    const extension = writeTar([{path: 'pax', content: data}]).subarray(0, 1024)
    extension.write('x', 156, 'latin1')
    expect((await readAll(Buffer.concat([signed(extension), writeTar([{path: 'file'}])])))[0]?.mtime).to.equal(
      1_700_000,
    )
  })

  it('refuses a truncated archive', async () => {
    const archive = writeTar([{path: 'file', content: 'x'.repeat(600)}])
    for (const length of [0, 100, 512, 1000, 1536])
      expect(await failureOf(archive.subarray(0, length))).to.match(/cut off/)
    expect(await failureOf(archive)).to.equal('no failure')
  })

  it('refuses a header with one bit changed', async () => {
    const archive = writeTar([{path: 'file', content: 'x'}])
    archive[3]! ^= 1
    expect(await failureOf(archive)).to.equal('tar: wrong header checksum')
  })

  it('refuses an unknown type', async () => {
    const archive = writeTar([{path: 'file'}])
    archive.write('S', 156, 'latin1')
    expect(await failureOf(signed(archive))).to.match(/unknown type "S"/)
  })
})
