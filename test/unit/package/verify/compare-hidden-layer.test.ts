import {expect} from 'chai'
import type {Entry} from '../../../../src/lib/package/image/entry-list.js'
import {compareHiddenLayer} from '../../../../src/lib/package/verify/compare-hidden-layer.js'
import {Differences} from '../../../../src/lib/package/verify/difference.js'
import {entry, fileEntry, withSpool} from './entries.js'

const root = entry('root', {type: 'directory', mode: 0o700})
const whiteout = fileEntry('root/.wh..mutagen')

async function compare(files: readonly Entry[], layer: readonly Entry[]): Promise<string[]> {
  const differences = new Differences()
  await withSpool(files, (recorded) =>
    withSpool(layer, (found) => {
      const dispose = () => Promise.resolve()
      const record = {files: recorded, changes: new Map(), sockets: [], unread: [], [Symbol.asyncDispose]: dispose}
      return compareHiddenLayer({record, paths: ['/root/.mutagen'], found, diffId: 'sha256:a', differences})
    }),
  )
  return differences.list.map(({keywords, path, what}) =>
    `${what} ${path ?? ''} ${keywords.map(({keyword}) => keyword).join(' ')}`.trim(),
  )
}

describe('comparison of the layer that hides what a sync made for itself', () => {
  const files = [entry('etc'), root, entry('root/.mutagen')]

  it('finds nothing where it hides it and leaves the folder above as it was', async () => {
    expect(await compare(files, [root, whiteout])).to.deep.equal([])
  })

  it('names what is not hidden', async () => {
    expect(await compare(files, [root])).to.deep.equal(['added /root/.mutagen'])
  })

  it('names a folder above that is missing or another, and whatever else is in it', async () => {
    expect(await compare(files, [whiteout])).to.deep.equal(['missing /root'])
    expect(await compare(files, [entry('root', {type: 'directory', mode: 0o755}), whiteout])).to.deep.equal([
      'changed /root mode',
    ])
    expect(await compare(files, [root, whiteout, fileEntry('root/.wh.other'), fileEntry('etc/x')])).to.have.members([
      'added /root/.wh.other',
      'added /etc/x',
    ])
  })
})
