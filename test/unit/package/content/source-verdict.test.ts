import {expect} from 'chai'
import {
  judgeSource,
  type OwnMount,
  type SourceNow,
  type SourceVerdict,
} from '../../../../src/lib/package/content/source-verdict.js'

const startedAt = Date.parse('2024-01-02T03:04:05Z')
const inner = [{place: '/data', device: '8:2', root: '/'}]
const own: OwnMount = {
  device: '8:1',
  root: '/app',
  identity: {device: 2049n, inode: 7n},
  isDeleted: false,
  inner: [],
}
const unseen: OwnMount = {...own, identity: undefined}
const there = {
  kind: 'there',
  identity: {device: 2049n, inode: 7n},
  location: {device: '8:1', root: '/app'},
  inner: [],
  createdAt: startedAt - 60_000,
} as const
const other = {...there, identity: {device: 2049n, inode: 8n}}
const elsewhere = {...there, location: {device: '8:1', root: '/app.2'}}
const young = {...there, createdAt: startedAt + 60_000}

describe('source of a bind', () => {
  const table: [what: string, own: OwnMount | undefined, source: SourceNow, verdict: SourceVerdict][] = [
    ['the same file', own, there, 'same'],
    ['the same file by another path', own, elsewhere, 'same'],
    ['another file at the same path', own, other, 'replaced'],
    ['another file system with the same inode', own, {...there, identity: {device: 1n, inode: 7n}}, 'replaced'],
    ['the same file, made young by its file system', own, young, 'same'],
    ['something more mounted below it', own, {...there, inner}, 'replaced'],
    ['something no longer mounted below it', {...own, inner}, there, 'replaced'],
    ['the same mounted below it', {...own, inner}, {...there, inner: [...inner]}, 'same'],
    [
      'something else mounted below it',
      {...own, inner},
      {...there, inner: [{place: '/data', device: '8:3', root: '/'}]},
      'replaced',
    ],
    ['nothing', own, {kind: 'gone'}, 'replaced'],
    ['nothing that keg may see', own, {kind: 'unseen'}, 'unknown'],
    ['nothing that keg may see, of what is deleted', {...own, isDeleted: true}, {kind: 'unseen'}, 'replaced'],
    ['the same path, where keg may not look into the container', unseen, there, 'same'],
    ['another path, where keg may not look into the container', unseen, elsewhere, 'replaced'],
    ['the same path, of what is deleted', {...unseen, isDeleted: true}, there, 'replaced'],
    ['more below, where keg may not look into the container', unseen, {...there, inner}, 'replaced'],
    ['a file on a machine without mountinfo', unseen, {...there, location: undefined}, 'unknown'],
    ['an old file, of a container elsewhere', undefined, there, 'unknown'],
    ['a young file, of a container elsewhere', undefined, young, 'replaced'],
    ['a file made at the start', undefined, {...there, createdAt: startedAt + 500}, 'unknown'],
    ['nothing, of a container elsewhere', undefined, {kind: 'gone'}, 'unknown'],
  ]
  for (const [what, mount, source, verdict] of table)
    it(`is ${verdict} if it is ${what}`, () => {
      expect(judgeSource({own: mount, source, startedAt})).to.equal(verdict)
    })

  it('is not judged by its age if the engine gives no start time', () => {
    expect(judgeSource({own: undefined, source: young, startedAt: NaN})).to.equal('unknown')
  })
})
