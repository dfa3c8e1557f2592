import {expect} from 'chai'
import {text} from 'node:stream/consumers'
import {createTar} from '../../../scripts/setup/tar.js'
import {extract} from 'tar-stream'

describe('createTar', () => {
  it('creates an archive that another program reads back entry by entry', async () => {
    const content = 'x'.repeat(513)
    const archive = createTar([
      {path: 'tmp', type: 'folder', mode: 0o1777},
      {path: 'tmp/file', type: 'file', content},
      {path: 'tmp/empty', type: 'file', mode: 0o755},
      {path: 'tmp/link', type: 'link', target: '../file'},
    ])
    const reader = extract()
    reader.end(archive)
    const entries = []
    for await (const entry of reader) {
      const {name, type, mode, uid, size, linkname} = entry.header
      entries.push({name, type, mode, uid, size, linkname, content: await text(entry)})
    }
    const owner = {uid: 0, linkname: null, content: ''}
    expect(entries).to.deep.equal([
      {...owner, name: 'tmp/', type: 'directory', mode: 0o1777, size: 0},
      {...owner, name: 'tmp/file', type: 'file', mode: 0o644, size: 513, content},
      {...owner, name: 'tmp/empty', type: 'file', mode: 0o755, size: 0},
      {...owner, name: 'tmp/link', type: 'symlink', mode: 0o755, size: 0, linkname: '../file'},
    ])
  })

  it('refuses a path that the format cannot store', () => {
    expect(() => createTar([{path: 'x'.repeat(101), type: 'file'}])).to.throw(RangeError, 'too long')
  })
})
