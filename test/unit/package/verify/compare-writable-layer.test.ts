import {expect} from 'chai'
import {ContainerChanges, type Change} from '../../../../src/lib/container/container-changes.js'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {compareWritableLayer} from '../../../../src/lib/package/verify/compare-writable-layer.js'
import {Differences} from '../../../../src/lib/package/verify/difference.js'
import {bytesToText} from '../../../../src/lib/tar/tar-header.js'
import {entry, fileEntry, hardlink, withSpool} from './entries.js'

interface Case {
  /** The container's files. */
  readonly files: readonly Entry[]
  /** Paths as byte strings: `A` added, `C` changed, `D` deleted. */
  readonly changes: string
  /** The files of the container's image, if they are needed. */
  readonly base?: readonly Entry[]
  readonly layer: readonly Entry[]
  readonly unread?: readonly string[]
}

const KINDS = {C: 0, A: 1, D: 2} as const

/** The differences, one per line, and the number of entries. */
async function compare({
  base = [],
  changes,
  files,
  layer,
  unread = [],
}: Case): Promise<{lines: string[]; entries: number}> {
  const list = changes.split(' ').flatMap((change): Change[] => {
    const kind = change.slice(0, 1)
    const path = `/${bytesToText(change.slice(2))}`
    return kind === 'A' || kind === 'C' || kind === 'D' ? [{Path: path, Kind: KINDS[kind]}] : []
  })
  const baseEntries = (paths: ReadonlySet<string>) => {
    const wanted = base.filter(({header}) => paths.has(header.path))
    return Promise.resolve(new Map(wanted.map((each) => [each.header.path, each])))
  }
  const differences = new Differences()
  const entries = await withSpool(files, (recorded) =>
    withSpool(layer, (found) => {
      const dispose = () => Promise.resolve()
      const known = {changes: new ContainerChanges(list), sockets: [], unread}
      const record = {...known, files: recorded, [Symbol.asyncDispose]: dispose}
      return compareWritableLayer({record, found, diffId: 'sha256:a', differences, baseEntries})
    }),
  )
  const lines = differences.list.map(({keywords, path, what}) =>
    `${what} ${path ?? ''} ${keywords.map(({keyword}) => keyword).join(' ')}`.trim(),
  )
  return {lines: lines.sort(), entries}
}

const whiteout = (path: string): Entry => fileEntry(path)
const folder = entry('app')
const one = fileEntry('app/one', '1')

describe('comparing the writable layer', () => {
  const right: Record<string, Case> = {
    'a new file, with the folder above it': {files: [folder, one], changes: 'C:app A:app/one', layer: [folder, one]},
    'a folder above that is not among the changes': {files: [folder, one], changes: 'A:app/one', layer: [folder, one]},
    'files that come in another order': {
      files: [folder, one, fileEntry('app/two')],
      changes: 'A:app A:app/one A:app/two',
      layer: [fileEntry('app/two'), one, folder],
    },
    'a folder with another time': {
      files: [entry('app', {type: 'directory', mode: 0o755, mtime: 1})],
      changes: 'A:app',
      layer: [folder],
    },
    'a deleted file': {files: [folder], changes: 'C:app D:app/one', layer: [folder, whiteout('app/.wh.one')]},
    'what was deleted with its folder': {files: [], changes: 'D:app/one D:app', layer: [whiteout('.wh.app')]},
    'a folder that was replaced, by a marker': {
      files: [folder, one],
      changes: 'C:app D:app/two A:app/one',
      layer: [folder, whiteout('app/.wh..wh..opq'), one],
    },
    'a folder that is said to be deleted and there': {
      files: [folder],
      changes: 'D:app',
      layer: [folder, whiteout('app/.wh..wh..opq')],
    },
    'unchanged files that are in the layer as they are': {files: [folder, one], changes: '', layer: [folder, one]},
    'a file of two names that come in another order': {
      files: [fileEntry('a', 'x'), hardlink('b', 'a')],
      changes: 'A:a A:b',
      layer: [fileEntry('b', 'x'), hardlink('a', 'b')],
    },
    'a new name of a file that is not among the changes': {
      files: [fileEntry('old', 'x'), hardlink('very-new', 'old')],
      changes: 'A:very-new',
      layer: [fileEntry('very-new', 'x'), hardlink('old', 'very-new')],
    },
    'a name that is no text': {
      files: [fileEntry('a\u00ff\u00fe', 'x')],
      changes: 'A:a\u00ff\u00fe',
      layer: [fileEntry('a\u00ff\u00fe', 'x')],
    },
    'one of two names that the list of changes cannot tell apart': {
      files: [fileEntry('caf\u00e9', 'new'), fileEntry('caf\u00e8', 'old')],
      changes: 'C:caf\u00e9',
      layer: [fileEntry('caf\u00e9', 'new')],
      base: [fileEntry('caf\u00e9', 'old'), fileEntry('caf\u00e8', 'old')],
    },
    'a deletion of one of two such names': {
      files: [fileEntry('n\u00e4he', 'stays')],
      changes: 'D:n\u00f6he',
      layer: [whiteout('.wh.n\u00f6he')],
      base: [fileEntry('n\u00e4he', 'stays'), fileEntry('n\u00f6he', 'goes')],
    },
    'both of two such names': {
      files: [fileEntry('caf\u00e9', '1'), fileEntry('caf\u00e8', '2')],
      changes: 'A:caf\u00e9 A:caf\u00e8',
      layer: [fileEntry('caf\u00e8', '2'), fileEntry('caf\u00e9', '1')],
    },
    'a folder of such a name, replaced by another': {
      files: [entry('\u00e9'), fileEntry('\u00e9/new')],
      changes: 'D:\u00e9 A:\u00e9/new',
      layer: [entry('\u00e9'), whiteout('\u00e9/.wh..wh..opq'), fileEntry('\u00e9/new')],
    },
    "the engine's own files in a folder that hides all below it": {
      files: [entry('etc'), fileEntry('etc/hosts')],
      changes: 'C:etc',
      layer: [entry('etc'), whiteout('etc/.wh..wh..opq')],
    },
  }
  for (const [what, example] of Object.entries(right))
    it(`accepts ${what}`, async () => expect((await compare(example)).lines).to.deep.equal([]))

  const wrong: Record<string, [Case, string[]]> = {
    'a file that is missing': [
      {files: [folder, one], changes: 'A:app A:app/one', layer: [folder]},
      ['missing /app/one'],
    ],
    'a file that nobody recorded': [{files: [folder], changes: '', layer: [folder, one]}, ['added /app/one']],
    'a file that comes twice': [
      {files: [one], changes: 'A:app/one', layer: [one, fileEntry('app/one', '2')]},
      ['changed /app/one sha256digest'],
    ],
    'another content of the same size': [
      {files: [one], changes: 'A:app/one', layer: [fileEntry('app/one', '2')]},
      ['changed /app/one sha256digest'],
    ],
    'another content where nothing had changed': [
      {files: [one], changes: '', layer: [fileEntry('app/one', '2')]},
      ['changed /app/one sha256digest'],
    ],
    'another mode of a folder above': [
      {files: [folder, one], changes: 'A:app/one', layer: [entry('app', {type: 'directory', mode: 0o777}), one]},
      ['changed /app mode'],
    ],
    'a deleted file that comes back': [{files: [folder], changes: 'D:app/one', layer: [folder]}, ['added /app/one']],
    'a replaced folder whose files come back': [{files: [folder], changes: 'D:app', layer: [folder]}, ['added /app']],
    'the wrong one of two names that the list of changes cannot tell apart': [
      {
        files: [fileEntry('caf\u00e9', 'new'), fileEntry('caf\u00e8', 'old')],
        changes: 'C:caf\u00e9',
        layer: [fileEntry('caf\u00e8', 'old')],
        base: [fileEntry('caf\u00e9', 'old'), fileEntry('caf\u00e8', 'old')],
      },
      ['missing /caf\\351'],
    ],
    'a deletion of the wrong one of two such names': [
      {
        files: [fileEntry('n\u00e4he', 'stays')],
        changes: 'D:n\u00f6he',
        layer: [whiteout('.wh.n\u00e4he')],
        base: [fileEntry('n\u00e4he', 'stays'), fileEntry('n\u00f6he', 'goes')],
      },
      ['missing /n\\344he'],
    ],
    'a deletion of one of two such names where both were deleted': [
      {files: [], changes: 'D:caf\u00e9 D:caf\u00e8', layer: [whiteout('.wh.caf\u00e9')]},
      ['added /caf\ufffd'],
    ],
    'a deletion of what is there': [
      {files: [folder, one], changes: '', layer: [whiteout('app/.wh.one')]},
      ['missing /app/one'],
    ],
    'a deletion of a whole folder that is there': [
      {files: [folder, one], changes: '', layer: [whiteout('.wh.app')]},
      ['missing /app', 'missing /app/one'],
    ],
    'a marker that hides what is there': [
      {files: [folder, one], changes: '', layer: [folder, whiteout('app/.wh..wh..opq')]},
      ['missing /app/one'],
    ],
    'a file of two names that became two files': [
      {
        files: [fileEntry('a', 'x'), hardlink('b', 'a')],
        changes: 'A:a A:b',
        layer: [fileEntry('a', 'x'), fileEntry('b', 'x')],
      },
      ['changed /b hardlink'],
    ],
    'two files that became one of two names': [
      {
        files: [fileEntry('a', 'x'), fileEntry('b', 'x')],
        changes: 'A:a A:b',
        layer: [fileEntry('a', 'x'), hardlink('b', 'a')],
      },
      ['changed /b hardlink'],
    ],
    'another content behind another name': [
      {
        files: [fileEntry('a', 'x'), hardlink('b', 'a')],
        changes: 'A:a A:b',
        layer: [fileEntry('b', 'y'), hardlink('a', 'b')],
      },
      ['changed /a sha256digest', 'changed /b sha256digest'],
    ],
    'a change that the export does not have': [
      {files: [], changes: 'A:lost', layer: [], unread: ['lost']},
      ['missing /lost'],
    ],
  }
  for (const [what, [example, lines]] of Object.entries(wrong))
    it(`finds ${what}`, async () => expect((await compare(example)).lines).to.deep.equal(lines))

  it('counts the entries of the layer, including deletions, without markers', async () => {
    const layer = [folder, whiteout('app/.wh..wh..opq'), one, whiteout('.wh.gone')]
    const {entries, lines} = await compare({files: [folder, one], changes: 'A:app A:app/one D:gone', layer})
    expect(lines).to.deep.equal([])
    expect(entries).to.equal(3)
  })
})
