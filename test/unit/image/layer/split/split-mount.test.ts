import {expect} from 'chai'
import fc from 'fast-check'
import {buffer} from 'node:stream/consumers'
import {Cleanup} from '../../../../../src/lib/async/cleanup.js'
import {compress} from '../../../../../src/lib/image/archive/compress.js'
import {measure} from '../../../../../src/lib/image/archive/measure.js'
import {recordedLayers, type RecordedLayersOptions} from '../../../../../src/lib/image/layer/recorded-layer.js'
import {SPLIT_LIMITS, type SplitLimits} from '../../../../../src/lib/image/layer/split/plan-split.js'
import type {MountLayer} from '../../../../../src/lib/image/model.js'
import {compareMountLayers} from '../../../../../src/lib/package/verify/compare-mount-layers.js'
import {Differences} from '../../../../../src/lib/package/verify/difference.js'
import {entriesOf, EntrySpool} from '../../../../../src/lib/package/verify/entry-spool.js'
import {inChunks} from '../../../../support/chunks.js'
import {archiveOf, fileWith, filesOf, headerOf, without, type ArchivedFile} from '../../../tar/archive.js'
import {sha256} from '../../written.js'

/** So small that a few files are split. */
const limits: SplitLimits = {...SPLIT_LIMITS, minSplit: 8 * 1024, minPart: 2 * 1024, minLargeFile: 4 * 1024}

const parents = [headerOf('srv', {type: 'directory', mode: 0o700, mtime: 7})]

function recordingOf(files: readonly ArchivedFile[], more: Partial<MountLayer['recording']> = {}) {
  const read = (): AsyncIterable<Buffer> => inChunks(archiveOf(files))
  return {path: '/srv/app', mountPointsBelow: [], agentFiles: [], parents, read, ...more}
}

/** A folder of a project: sources of a few files, and many packages that it depends on. */
function project({changed, packages = 60}: {readonly changed?: string; readonly packages?: number} = {}) {
  const file = (path: string, length: number): ArchivedFile => {
    const isChanged = path === changed
    const time = isChanged ? 1_800_000_000 : 1_600_000_000 + length
    return fileWith(`mount/${path}`, `${isChanged ? 'edited ' : ''}${path} `.repeat(length), {mtime: time})
  }
  const folder = (path: string): ArchivedFile => without(`mount/${path}`, {type: 'directory', mtime: 1_650_000_000})
  const files = [
    without('mount', {type: 'directory', mode: 0o750, mtime: changed === undefined ? 1 : 2}),
    file('README.md', 20),
    folder('node_modules'),
    ...Array.from({length: packages}, (_, index) => `node_modules/package-${String(index).padStart(4, '0')}`).flatMap(
      (path) => [folder(path), file(`${path}/index.js`, 30), file(`${path}/readme.md`, 9)],
    ),
    folder('src'),
    ...['a', 'b', 'c'].map((name) => file(`src/${name}.ts`, 10)),
    file('video.mp4', 20_000),
  ]
  return files
}

describe('layers of a mount that is split', () => {
  let cleanup: Cleanup
  beforeEach(() => (cleanup = new Cleanup()))
  afterEach(() => cleanup[Symbol.asyncDispose]())

  function layersOf(
    files: readonly ArchivedFile[],
    more: Partial<RecordedLayersOptions> & {readonly mount?: Partial<MountLayer['recording']>} = {},
  ): Promise<MountLayer[]> {
    const {mount, ...options} = more
    return recordedLayers({
      ...{recording: recordingOf(files, mount), destination: '/srv/app', type: 'volume', isEmpty: false},
      ...{created: '2026-01-02T03:04:05.000Z', encode: measure, keepsAll: false, limits, maxLayers: 40, cleanup},
      signal: new AbortController().signal,
      ...options,
    })
  }

  /** What `verify` says of the layers. */
  async function verified(layers: readonly MountLayer[], tars?: readonly Buffer[]) {
    const differences = new Differences()
    const found = []
    for (const [index, {diffId, uncompressed}] of layers.entries()) {
      const tar = tars?.[index] ?? (await buffer(uncompressed()))
      found.push({diffId, entries: cleanup.use(await EntrySpool.of(entriesOf(inChunks(tar))))})
    }
    const {signal} = new AbortController()
    const {recording} = layers[0] ?? expect.fail('no layer')
    const entries = await compareMountLayers({signal}, {recording, found, differences})
    const lines = differences.list.map(
      ({keywords, path, what}) => `${what} ${path ?? ''} ${keywords.map(({keyword}) => keyword).join(' ')}`,
    )
    return {entries, lines: lines.map((line) => line.trim()).sort()}
  }

  const pathsOf = async (layer: MountLayer): Promise<string[]> =>
    (await filesOf(layer.uncompressed())).map(({header}) => header.path)

  it('is one layer if the mount is small, a single file, or may not have more', async () => {
    expect(await layersOf(project(), {limits: SPLIT_LIMITS})).to.have.lengthOf(1)
    expect(await layersOf([fileWith('mount', 'x'.repeat(20_000))])).to.have.lengthOf(1)
    expect(await layersOf(project(), {maxLayers: 4})).to.have.lengthOf(1)
    expect((await layersOf(project(), {maxLayers: 8})).length).to.be.within(3, 8)
  })

  it('have everything once, below it what hides the layers below, and on top the root as it is', async () => {
    const layers = await layersOf(project())
    expect(layers.length).to.be.within(8, 40)
    expect(await verified(layers)).to.deep.equal({entries: project().length, lines: []})
    const counted = layers.reduce((sum, {entries, repeatedFolders}) => sum + entries - repeatedFolders, 0)
    expect(counted).to.equal(project().length)
    const [lowest, ...others] = layers
    expect(lowest && (await pathsOf(lowest))).to.deep.equal(['srv', 'srv/app', 'srv/app/.wh..wh..opq'])
    for (const layer of others) expect(await pathsOf(layer)).to.not.include('srv/app/.wh..wh..opq')
    const top = await filesOf(others.at(-1)?.uncompressed() ?? inChunks(Buffer.alloc(0)))
    const times = new Map(top.map(({header}) => [header.path, header.mtime]))
    expect([times.get('srv'), times.get('srv/app'), times.get('srv/app/node_modules')]).to.deep.equal([
      ...[7, 1, 1_650_000_000],
    ])
  })

  it('have files that are large, and what is heavy, apart from the sources', async () => {
    const layers = await layersOf(project())
    const all = await Promise.all(layers.map(pathsOf))
    const files = all.map((paths) => paths.filter((path) => /\.\w+$/.test(path)))
    expect(files).to.deep.include(['srv/app/video.mp4'])
    const [sources] = files.filter((paths) => paths.some((path) => path.includes('/src/')))
    expect(sources).to.not.match(/node_modules/)
  })

  it('change only where the mount does', async () => {
    const before = await layersOf(project())
    const ids = new Set(before.map(({diffId}) => diffId))
    for (const changed of ['src/b.ts', 'node_modules/package-0031/index.js', 'video.mp4']) {
      const after = await layersOf(project({changed}))
      // The root has another time than before.
      const fresh = after.filter(({diffId}) => !ids.has(diffId))
      expect(fresh.length, changed).to.be.within(1, 2)
    }
    const more = await layersOf(project({packages: 61}))
    expect(more.filter(({diffId}) => !ids.has(diffId)).length, 'a package more').to.be.within(1, 4)
  })

  it('have those on top that changed last', async () => {
    const after = await layersOf(project({changed: 'node_modules/package-0031/index.js'}))
    const paths = await pathsOf(after.at(-2) ?? expect.fail('no layer'))
    expect(paths).to.include('srv/app/node_modules/package-0031/index.js')
  })

  it('are the same for the same mount, whether they are kept, compressed or read one by one', async () => {
    const before = await layersOf(project())
    for (const options of [{keepsAll: true}, {keepsAll: false, encode: compress}]) {
      const again = await layersOf(project(), options)
      expect(again.map(({diffId}) => diffId)).to.deep.equal(before.map(({diffId}) => diffId))
      for (const layer of again) {
        const tar = await buffer(layer.uncompressed())
        expect([sha256(tar), tar.length]).to.deep.equal([layer.diffId, await layer.size()])
        if (options.encode !== undefined) expect(layer.compressed?.digest).to.match(/^sha256:/)
      }
    }
  })

  it('can be read as soon as nothing more goes into them, while others are still made', async () => {
    const files = project()
    const archive = archiveOf(files)
    const early: {readonly layer: MountLayer; readonly tar: Promise<Buffer>; readonly at: number}[] = []
    let given = 0
    const read = async function* (): AsyncGenerator<Buffer> {
      given = 0
      for await (const chunk of inChunks(archive, 1000)) {
        given += chunk.length
        yield chunk
      }
    }
    const onLayer = (layer: MountLayer): unknown =>
      early.push({layer, tar: buffer(layer.uncompressed()), at: given / archive.length})
    const layers = await layersOf(files, {mount: {read}, keepsAll: true, onLayer})
    const ids = (list: readonly MountLayer[]): string[] => list.map(({diffId}) => diffId).sort()
    expect(ids(early.map(({layer}) => layer))).to.deep.equal(ids(layers))
    for (const {layer, tar} of early)
      expect([sha256(await tar), (await tar).length]).to.deep.equal([layer.diffId, await layer.size()])
    expect(early[0]?.at).to.be.below(0.1)
    expect(early.filter(({at}) => at < 0.9).length).to.be.above(layers.length / 2)
  })

  it('do not come early if not all are kept, or if they are compressed first', async () => {
    const onLayer = (): never => expect.fail('a layer')
    await layersOf(project(), {onLayer})
    await layersOf(project(), {keepsAll: true, encode: compress, onLayer})
  })

  it('are read in one pass if they are asked for together', async () => {
    let reads = 0
    const files = project()
    const read = (): AsyncIterable<Buffer> => {
      reads++
      return inChunks(archiveOf(files))
    }
    const layers = await layersOf(files, {mount: {read}})
    const before = reads
    await layers[0]?.keep?.(new Set(layers.map(({diffId}) => diffId)))
    for (const {uncompressed} of layers) await buffer(uncompressed())
    expect(reads - before).to.equal(1)
  })

  it('have all names of a file in one layer', async () => {
    const linked = project().flatMap((each) =>
      each.header.path === 'mount/src/b.ts'
        ? [each, without('mount/src/link.ts', {type: 'hardlink', link: 'mount/node_modules/package-0003/index.js'})]
        : [each],
    )
    const layers = await layersOf(linked)
    expect(await verified(layers)).to.deep.equal({entries: linked.length, lines: []})
    const holders = []
    for (const layer of layers) {
      const paths = await pathsOf(layer)
      if (paths.some((path) => /link\.ts$|package-0003\/index/.test(path))) holders.push(paths)
    }
    expect(holders).to.have.lengthOf(1)
    expect(holders[0]).to.include.members(['srv/app/src', 'srv/app/src/link.ts'])
  })

  it('are what the container sees: nothing that another mount hides, no agent file', async () => {
    const mount = {
      mountPointsBelow: ['/srv/app/src/a.ts', '/srv/app/node_modules/package-0001'],
      agentFiles: ['/srv/app/README.md'],
    }
    const layers = await layersOf(project(), {mount})
    expect(await verified(layers)).to.deep.equal({entries: project().length - 3, lines: []})
  })

  it('show each difference when they are verified', async () => {
    const layers = await layersOf(project())
    const tars: readonly Buffer[] = await Promise.all(layers.map(({uncompressed}) => buffer(uncompressed())))
    const altered = async (index: number, change: (files: ArchivedFile[]) => ArchivedFile[]) => {
      const files = await filesOf(inChunks(tars[index] ?? Buffer.alloc(0)))
      return (await verified(layers, tars.with(index, archiveOf(change(files))))).lines
    }
    const top = layers.length - 1
    const marker = fileWith('srv/app/.wh..wh..opq', '')
    expect(await altered(top, (files) => [...files, marker])).to.deep.equal(['added /srv/app/.wh..wh..opq'])
    expect(await altered(0, (files) => files.slice(0, -1))).to.deep.equal(['missing /srv/app/.wh..wh..opq'])
    const isReadme = ({header}: ArchivedFile): boolean => header.path === 'srv/app/README.md'
    expect(await altered(top, (files) => files.filter((file) => !isReadme(file)))).to.deep.equal([
      'missing /srv/app/README.md',
    ])
    expect(await altered(1, (files) => [...files, fileWith('srv/app/README.md', 'x')])).to.include(
      'added /srv/app/README.md',
    )
    const open = (file: ArchivedFile): ArchivedFile =>
      file.header.path === 'srv/app' ? {...file, header: {...file.header, mode: 0o777}} : file
    expect(await altered(top, (files) => files.map(open))).to.deep.equal(['changed /srv/app mode'])
    expect(await altered(1, (files) => [...files, fileWith('srv/app/.wh.src', '')])).to.deep.equal([
      'added /srv/app/.wh.src',
    ])
  })

  it('have all files of any tree', async () => {
    const name = fc.constantFrom('a', 'b', 'c.d', 'node_modules', 'src', 'z')
    const tree = fc.uniqueArray(fc.tuple(fc.array(name, {minLength: 1, maxLength: 4}), fc.nat(9000)), {
      minLength: 20,
      maxLength: 60,
      selector: ([names]) => names.join('/'),
    })
    await fc.assert(
      fc.asyncProperty(tree, fc.array(fc.tuple(fc.nat(), fc.nat()), {maxLength: 5}), async (list, pairs) => {
        const files = linked(treeOf(list.map(([names, length]) => [names.join('/'), length])), pairs)
        const early: string[] = []
        const layers = await layersOf(files, {keepsAll: true, onLayer: ({diffId}) => early.push(diffId)})
        expect(await verified(layers)).to.deep.equal({entries: files.length, lines: []})
        if (layers.length > 1) expect(early.sort()).to.deep.equal(layers.map(({diffId}) => diffId).sort())
      }),
      {numRuns: 60},
    )
  })
})

/** Makes some files other names of files before them. @param pairs numbers of files */
function linked(files: readonly ArchivedFile[], pairs: readonly (readonly [number, number])[]): ArchivedFile[] {
  const made = [...files]
  for (const [one, other] of pairs) {
    const [first = 0, second = 0] = [one % files.length, other % files.length].sort((a, b) => a - b)
    const [target, name] = [made[first]?.header, made[second]?.header]
    if (first === second || target?.type !== 'file' || name?.type !== 'file') continue
    made[second] = without(name.path, {type: 'hardlink', link: target.path})
  }
  return made
}

/** Files as an engine archives them: each folder before what is in it, by names. A path that others are below is a folder. */
function treeOf(list: readonly (readonly [path: string, length: number])[]): ArchivedFile[] {
  const folders = new Set(list.flatMap(([path]) => path.split('/').map((_, at, names) => names.slice(0, at).join('/'))))
  const files = list
    .filter(([path]) => !folders.has(path))
    .map(([path, length]) => fileWith(`m/${path}`, 'x'.repeat(length)))
  const key = ({header}: ArchivedFile): string => header.path.replaceAll('/', '\0')
  return [...[...folders].map((path) => without(path === '' ? 'm' : `m/${path}`, {type: 'directory'})), ...files].sort(
    (one, other) => (key(one) < key(other) ? -1 : 1),
  )
}
