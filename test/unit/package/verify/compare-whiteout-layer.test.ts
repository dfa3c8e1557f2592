import {expect} from 'chai'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {ContainerChanges} from '../../../../src/lib/container/container-changes.js'
import {compareWhiteoutLayer} from '../../../../src/lib/package/verify/compare-whiteout-layer.js'
import {Differences} from '../../../../src/lib/package/verify/difference.js'
import {entry, fileEntry, withSpool} from './entries.js'

const root = entry('root', {type: 'directory', mode: 0o700})
const whiteout = fileEntry('root/.wh..mutagen')

async function compare(files: readonly Entry[], layer: readonly Entry[]): Promise<string[]> {
  const differences = new Differences()
  await withSpool(files, (recorded) =>
    withSpool(layer, (found) => {
      const dispose = () => Promise.resolve()
      const record = {
        files: recorded,
        changes: new ContainerChanges([]),
        sockets: [],
        unread: [],
        [Symbol.asyncDispose]: dispose,
      }
      return compareWhiteoutLayer({record, paths: ['/root/.mutagen'], found, diffId: 'sha256:a', differences})
    }),
  )
  return differences.list.map(({keywords, path, what}) =>
    `${what} ${path ?? ''} ${keywords.map(({keyword}) => keyword).join(' ')}`.trim(),
  )
}

describe("comparing the layer that hides the agent's files", () => {
  const files = [entry('etc'), root, entry('root/.mutagen')]

  it('finds nothing if it hides them and keeps the parent folder', async () => {
    expect(await compare(files, [root, whiteout])).to.deep.equal([])
  })

  it('finds what is not hidden', async () => {
    expect(await compare(files, [root])).to.deep.equal(['added /root/.mutagen'])
  })

  it('finds a missing or changed parent folder, and anything else in the layer', async () => {
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
