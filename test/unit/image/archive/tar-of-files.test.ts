import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {fileOf, tarOfFiles} from '../../../../src/lib/image/archive/tar-of-files.js'
import {inChunks} from '../../../support/chunks.js'
import {readTar} from '../../../support/tar.js'

describe('archive of files', () => {
  const long = `blobs/${'n'.repeat(200)}`
  const bytes = Buffer.alloc(100_000, 7)
  const files = [
    fileOf('text', 'grün'),
    fileOf('empty', ''),
    fileOf('block', Buffer.alloc(512, 1)),
    {path: long, size: bytes.length, read: () => inChunks(bytes, 999)},
  ]

  it('holds them in their order, with their bytes, whatever their size', async () => {
    const members = []
    for await (const {body, name, size, type} of readTar(tarOfFiles(files)))
      members.push({name, size, type, content: await buffer(body)})
    expect(members).to.deep.equal([
      {name: 'text', size: 5, type: 'file', content: Buffer.from('grün')},
      {name: 'empty', size: 0, type: 'file', content: Buffer.alloc(0)},
      {name: 'block', size: 512, type: 'file', content: Buffer.alloc(512, 1)},
      {name: long, size: bytes.length, type: 'file', content: bytes},
    ])
  })

  it('has nothing of this machine or the current time, and can be read again', async () => {
    for await (const {body, gid, mode, mtime, uid} of readTar(tarOfFiles(files))) {
      expect({gid, mode, mtime, uid}).to.deep.equal({gid: 0, mode: 0o644, mtime: 0, uid: 0})
      await buffer(body)
    }
    expect((await buffer(tarOfFiles(files))).equals(await buffer(tarOfFiles(files)))).to.equal(true)
  })
})
