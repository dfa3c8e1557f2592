import {expect} from 'chai'
import {ContainerChanges} from '../../../../src/lib/container/container-changes.js'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {compareWritableLayer} from '../../../../src/lib/package/verify/compare-writable-layer.js'
import {Differences} from '../../../../src/lib/package/verify/difference.js'
import {maskedEntries, maskedRecord} from '../../../../src/lib/package/verify/masked-record.js'
import {CHANGE} from '../../../../src/lib/engine/types.js'
import {entry, fileEntry, hardlink, withSpool} from './entries.js'

const masks = ['/cache', '/etc/secret']

/** The container's files, including those that mounts hide. */
const recorded = [
  entry('cache'),
  fileEntry('cache/hidden', 'hidden'),
  hardlink('cache/hidden2', 'cache/hidden'),
  entry('etc'),
  fileEntry('etc/secret', 'secret'),
  fileEntry('etc/shown', 'shown'),
  hardlink('link', 'cache/hidden'),
  hardlink('link2', 'cache/hidden'),
]

/** Compares a layer with the recorded files, which are all changes. */
async function compare(layer: readonly Entry[]): Promise<string[]> {
  const differences = new Differences()
  await withSpool(recorded, (files) =>
    withSpool(layer, async (found) => {
      const changes = new ContainerChanges([
        ...recorded.map(({header}) => ({Path: `/${header.path}`, Kind: CHANGE.added})),
        {Path: '/cache/deleted', Kind: CHANGE.deleted},
      ])
      const dispose = (): Promise<void> => Promise.resolve()
      const record = {files, changes, sockets: [], unread: ['cache/socket'], [Symbol.asyncDispose]: dispose}
      await compareWritableLayer({
        record: await maskedRecord(record, masks),
        found: maskedEntries(found, masks),
        diffId: 'sha256:a',
        differences,
        baseEntries: () => Promise.resolve(new Map()),
      })
    }),
  )
  return differences.list.map(({keywords, path, what}) =>
    `${what} ${path ?? ''} ${keywords.map(({keyword}) => keyword).join(' ')}`.trim(),
  )
}

describe("record of a container's own files, some hidden by mounts", () => {
  const right = [
    entry('cache'),
    entry('etc'),
    fileEntry('etc/secret'),
    fileEntry('etc/shown', 'shown'),
    fileEntry('link', 'hidden'),
    hardlink('link2', 'link'),
  ]

  it('matches a layer without the hidden files, in which links use visible names', async () => {
    expect(await compare(right)).to.deep.equal([])
    expect(await compare(right.filter(({header}) => header.path !== 'etc/secret'))).to.deep.equal([])
  })

  const wrong: Record<string, [Entry[], string[]]> = {
    'shows a file below a mount': [[...right, fileEntry('cache/hidden', 'hidden')], ['added /cache/hidden']],
    'deletes something below a mount, which no layer need do': [[...right, fileEntry('cache/.wh.x')], []],
    'shows the file that another file is mounted on': [
      right.map((each) => (each.header.path === 'etc/secret' ? fileEntry('etc/secret', 'secret') : each)),
      ['added /etc/secret'],
    ],
    'lacks a file that can be seen': [right.filter(({header}) => header.path !== 'etc/shown'), ['missing /etc/shown']],
    'has another file under a name that can be seen': [
      right.map((each) => (each.header.path === 'link' ? fileEntry('link', 'HIDDEN') : each)),
      ['changed /link sha256digest', 'changed /link2 sha256digest'],
    ],
  }
  for (const [what, [layer, lines]] of Object.entries(wrong))
    it(`is compared with a layer that ${what}`, async () => expect(await compare(layer)).to.deep.equal(lines))
})
