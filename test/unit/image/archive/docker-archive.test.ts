import {expect} from 'chai'
import {dockerArchive} from '../../../../src/lib/image/archive/docker-archive.js'
import {configFile} from '../../../../src/lib/image/image.js'
import {filesIn, imageOf, parsed, sha256, storedLayer, writtenLayer} from '../written.js'

describe('docker archive of an image', () => {
  const [base, first, second] = [storedLayer('base'), writtenLayer('a', 10), writtenLayer('b', 100_000)]
  const image = imageOf([base, first, second])

  it('has a manifest that names configuration and layers, and the layers the engine does not have', async () => {
    const {id, read} = await dockerArchive(image)
    const files = await filesIn(read())
    const pathOf = ({diffId}: {diffId: string}): string => `${diffId.replace(':', '-')}/layer.tar`
    const configPath = `${id.replace('sha256:', '')}.json`
    expect(parsed(files.get('manifest.json'))).to.deep.equal([
      {Config: configPath, RepoTags: null, Layers: [pathOf(base), pathOf(first), pathOf(second)]},
    ])
    expect([...files.keys()]).to.deep.equal(['manifest.json', configPath, pathOf(first), pathOf(second)])
    for (const layer of [first, second]) {
      expect(files.get(pathOf(layer))?.equals(layer.tar)).to.equal(true)
      expect(sha256(files.get(pathOf(layer)) ?? Buffer.alloc(0))).to.equal(layer.diffId)
    }
    expect(files.get(configPath)).to.deep.equal(configFile(image))
  })

  it('has the digest of its configuration as its id', async () => {
    const {id, read} = await dockerArchive(image)
    const files = await filesIn(read())
    expect(sha256(files.get(`${id.replace('sha256:', '')}.json`) ?? Buffer.alloc(0))).to.equal(id)
    expect((await dockerArchive(imageOf([base, first]))).id).to.not.equal(id)
  })

  it('can be read again', async () => {
    const {read} = await dockerArchive(image)
    expect(await filesIn(read())).to.deep.equal(await filesIn(read()))
  })

  it('includes a layer again that the engine has only above another one', async () => {
    const moved = {...second, stored: {chainId: 'of another chain', descriptor: undefined}}
    const files = await filesIn((await dockerArchive(imageOf([base, moved]))).read())
    expect(files.get(`${second.diffId.replace(':', '-')}/layer.tar`)?.equals(second.tar)).to.equal(true)
  })

  it('includes no layers once the engine has them', async () => {
    const {image: written} = await dockerArchive(image)
    const {id, read, size} = await dockerArchive(written)
    expect([...(await filesIn(read())).keys()]).to.deep.equal(['manifest.json', `${id.replace('sha256:', '')}.json`])
    expect(size).to.be.below(first.tar.length + second.tar.length)
  })
})
