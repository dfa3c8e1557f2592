import {expect} from 'chai'
import fc from 'fast-check'
import {buffer} from 'node:stream/consumers'
import {mountLayer} from '../../../../src/lib/image/layer/mount-layer.js'
import type {MountRecording} from '../../../../src/lib/image/model.js'
import {isWhiteoutDevice} from '../../../../src/lib/image/whiteout.js'
import {compareMountLayers} from '../../../../src/lib/package/verify/compare-mount-layers.js'
import {Differences} from '../../../../src/lib/package/verify/difference.js'
import {entriesOf, EntrySpool} from '../../../../src/lib/package/verify/entry-spool.js'
import {inChunks} from '../../../support/chunks.js'
import {archiveOf, fileWith, filesOf, headerOf, without, type ArchivedFile} from '../../tar/archive.js'
import {file} from '../../tar/arbitrary.js'

const files = [
  without('mount', {type: 'directory', mode: 0o750}),
  fileWith('mount/a', 'content'),
  without('mount/b', {type: 'hardlink', link: 'mount/a'}),
  without('mount/inner', {type: 'directory'}),
  fileWith('mount/inner/hidden', 'of another mount'),
]

function recordingOf(archived: readonly ArchivedFile[], more: Partial<MountRecording> = {}): MountRecording {
  const parents = [headerOf('srv', {type: 'directory', mode: 0o700})]
  return {
    path: '/srv/data',
    mountPointsBelow: [],
    agentFiles: [],
    parents,
    read: () => inChunks(archiveOf(archived)),
    ...more,
  }
}

/** Compares a recording with a layer, by default the layer made of it. */
async function compare(recording: MountRecording, layer?: readonly ArchivedFile[]) {
  const differences = new Differences()
  const tar = layer === undefined ? await buffer(mountLayer(recording)) : archiveOf(layer)
  await using found = await EntrySpool.of(entriesOf(inChunks(tar)))
  const {signal} = new AbortController()
  const entries = await compareMountLayers(
    {signal},
    {recording, found: [{diffId: 'sha256:a', entries: found}], differences},
  )
  const lines = differences.list.map(({keywords, path, what}) =>
    `${what} ${path ?? ''} ${keywords.map(({keyword}) => keyword).join(' ')}`.trim(),
  )
  return {entries, lines: lines.sort()}
}

describe("comparing a mount's layer with its recording", () => {
  it('finds no difference in the layer that keg writes for any mount', async () => {
    const mounts = fc.uniqueArray(file, {selector: ({header}) => header.path, maxLength: 15}).map((list) => [
      without('m', {type: 'directory'}),
      ...list
        .filter(({header}) => header.path !== '' && !/(?:^|\/)\.wh\./.test(header.path) && header.type !== 'hardlink')
        .filter(({header}) => !isWhiteoutDevice(header))
        .map((each) => ({...each, header: {...each.header, path: `m/${each.header.path}`}})),
    ])
    await fc.assert(
      fc.asyncProperty(mounts, async (list) => {
        expect(await compare(recordingOf(list))).to.deep.equal({entries: list.length, lines: []})
      }),
      {numRuns: 40},
    )
  })

  it('finds none with a nested mount, or if the mount is a single file', async () => {
    const nested = recordingOf(files, {mountPointsBelow: ['/srv/data/inner']})
    expect(await compare(nested)).to.deep.equal({entries: 4, lines: []})
    const masked = recordingOf(files, {mountPointsBelow: ['/srv/data/a', '/srv/data/inner/hidden']})
    expect(await compare(masked)).to.deep.equal({entries: 5, lines: []})
    const linked = [...files, without('mount/c', {type: 'hardlink', link: 'mount/inner/hidden'})]
    expect(await compare(recordingOf(linked, {mountPointsBelow: ['/srv/data/inner']}))).to.deep.equal({
      entries: 5,
      lines: [],
    })
    const single = recordingOf([fileWith('mount', 'content')])
    expect(await compare(single)).to.deep.equal({entries: 1, lines: []})
  })

  it('finds what a mounted file hides, but the package shows', async () => {
    const shown = recordingOf(files)
    const layer = await filesOf(mountLayer(shown))
    const {lines} = await compare(recordingOf(files, {mountPointsBelow: ['/srv/data/inner/hidden']}), layer)
    expect(lines).to.deep.equal(['changed /srv/data/inner/hidden size sha256digest'])
  })

  const change = (path: string, make: (found: ArchivedFile) => ArchivedFile[]) => (layer: readonly ArchivedFile[]) =>
    layer.flatMap((each) => (each.header.path === path ? make(each) : [each]))
  const wrong: Record<string, [(layer: readonly ArchivedFile[]) => ArchivedFile[], string[]]> = {
    'a file that is missing': [change('srv/data/a', () => []), ['missing /srv/data/a']],
    'a file too many': [change('srv/data/a', (each) => [each, fileWith('srv/data/c', '')]), ['added /srv/data/c']],
    'a second file of the same name': [
      change('srv/data/a', (each) => [each, fileWith('srv/data/a', 'evil')]),
      ['added /srv/data/a'],
    ],
    'a file elsewhere': [change('srv/data/a', (each) => [each, fileWith('etc/passwd', '')]), ['added /etc/passwd']],
    'another content': [
      change('srv/data/a', () => [fileWith('srv/data/a', 'CONTENT')]),
      ['changed /srv/data/a sha256digest'],
    ],
    'another folder above': [
      change('srv', ({content, header}) => [{content, header: {...header, mode: 0o777}}]),
      ['changed /srv mode'],
    ],
    'another first name': [
      change('srv/data/b', ({content, header}) => [{content, header: {...header, link: 'etc/shadow'}}]),
      ['changed /srv/data/b hardlink'],
    ],
    'a marker that is missing': [change('srv/data/.wh..wh..opq', () => []), ['missing /srv/data/.wh..wh..opq']],
    'a deletion': [change('srv/data/a', (each) => [each, fileWith('srv/data/.wh.x', '')]), ['added /srv/data/.wh.x']],
  }
  for (const [what, [alter, lines]] of Object.entries(wrong))
    it(`finds ${what}`, async () => {
      const recording = recordingOf(files)
      const layer = await filesOf(mountLayer(recording))
      expect((await compare(recording, alter(layer))).lines).to.deep.equal(lines)
    })
})
