import {expect} from 'chai'
import {shortPath} from '../../../src/lib/tar/shown-path.js'

const bytes = (text: string): string => Buffer.from(text).toString('latin1')

describe('shortPath', () => {
  it('returns a path unchanged, and the beginning and end of a very long one', () => {
    expect(shortPath(bytes('srv/写真'))).to.equal('/srv/写真')
    expect(shortPath('a'.repeat(300))).to.equal(`/${'a'.repeat(99)}…${'a'.repeat(99)}`)
  })

  it('cuts between characters', () => {
    for (const start of ['', 'x'])
      expect(shortPath(bytes(start + '👍'.repeat(300)))).to.equal(
        `/${start}${'👍'.repeat(99 - start.length)}…${'👍'.repeat(99)}`,
      )
  })
})
