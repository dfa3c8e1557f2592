import {expect} from 'chai'
import {mkdtemp, readdir, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {LayerCache, type RepositoryName} from '../../../../src/lib/image/registry/layer-cache.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import {asDigest} from '../../registry/client/client.js'

const diffId = `sha256:${'a'.repeat(64)}`
const blob = {mediaType: 'application/x', digest: asDigest(`sha256:${'b'.repeat(64)}`), size: 7}
const other = {...blob, digest: asDigest(`sha256:${'c'.repeat(64)}`)}

function place(name: string): RepositoryName {
  const {registry, repository} = parseReference(name)
  return {registry, repository}
}

const [one, two] = [place('127.0.0.1:5000/a/one'), place('127.0.0.1:5000/a/two')]

describe('the cache of layers', () => {
  let folder: string
  let cache: LayerCache

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-test-cache-'))
    cache = new LayerCache({XDG_STATE_HOME: folder})
  })

  afterEach(() => rm(folder, {recursive: true, force: true}))

  it('remembers the blobs of a layer and where they are, the latest first', async () => {
    expect(await cache.read(diffId)).to.deep.equal([])
    await cache.add(diffId, blob, one)
    await cache.add(diffId, other, one)
    await cache.add(diffId, blob, two)
    await cache.add(diffId, blob, two)
    expect(await new LayerCache({XDG_STATE_HOME: folder}).read(diffId)).to.deep.equal([
      {...blob, repositories: [two, one]},
      {...other, repositories: [one]},
    ])
    const files = await readdir(join(folder, 'keg/layers'))
    expect(files).to.deep.equal([`sha256-${'a'.repeat(64)}.json`])
    expect((await stat(join(folder, 'keg/layers', files[0] ?? ''))).mode & 0o777).to.equal(0o600)
  })

  it('takes what cannot be read for nothing', async () => {
    await cache.add(diffId, blob, one)
    const file = join(folder, 'keg/layers', `sha256-${'a'.repeat(64)}.json`)
    for (const text of [
      '',
      '{"blobs": 1}',
      '{"blobs": [{"digest": "sha256:x", "size": 1, "mediaType": "a"}]}',
      `{"blobs": [{"digest": "${blob.digest}", "size": -0.5, "mediaType": "a"}, null]}`,
    ]) {
      await writeFile(file, text)
      expect(await cache.read(diffId), text).to.deep.equal([])
    }
    const places = [{registry: 'r', repository: '../x'}, {registry: 1}, one]
    await writeFile(file, JSON.stringify({blobs: [{...blob, repositories: places}]}))
    expect(await cache.read(diffId)).to.deep.equal([{...blob, repositories: [one]}])
  })

  it('remembers places', async () => {
    expect(await cache.knowsPlace('r/a/b /data')).to.equal(false)
    await cache.addPlace('r/a/b /data')
    expect(await cache.knowsPlace('r/a/b /data')).to.equal(true)
    expect(await cache.knowsPlace('r/a/b /other')).to.equal(false)
  })

  it('forgets the oldest, and does without a folder', async () => {
    for (const digit of ['1', '2', '3']) {
      await cache.add(`sha256:${digit.repeat(64)}`, blob, one)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await cache.tidy(2)
    expect(await cache.read(`sha256:${'1'.repeat(64)}`)).to.deep.equal([])
    expect(await cache.read(`sha256:${'3'.repeat(64)}`)).to.have.lengthOf(1)
    await writeFile(join(folder, 'file'), '')
    const nowhere = new LayerCache({XDG_STATE_HOME: join(folder, 'file')})
    await nowhere.add(diffId, blob, one)
    await nowhere.tidy()
    expect(await nowhere.read(diffId)).to.deep.equal([])
  })
})
