import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {dockerArchiveOfFile} from '../../../../src/lib/image/archive/docker-archive-of-file.js'
import {ociLayoutOfFile} from '../../../../src/lib/image/archive/oci-layout-of-file.js'
import type {ImageFile} from '../../../../src/lib/image/file/model.js'
import {chainIds, configFile} from '../../../../src/lib/image/image.js'
import type {Layer} from '../../../../src/lib/image/model.js'
import {inChunks} from '../../../support/chunks.js'
import {ownTemporaryFolder} from '../../package/temporary-folder.js'
import {opened, tarOf, writtenFiles} from '../file/written-file.js'
import {filesIn, imageOf, parsed, sha256, writtenLayer} from '../written.js'

const layers = [writtenLayer('a', 3000), writtenLayer('b', 10), writtenLayer('c', 70)]

describe('image from a file, as engines load it', () => {
  const folder = ownTemporaryFolder()

  /** The image without its first layers. */
  async function file(without: number): Promise<ImageFile> {
    const since = {name: 'shop:before', diffIds: new Set(layers.slice(0, without).map(({diffId}) => diffId))}
    return opened(folder.path, tarOf(await writtenFiles(layers, {since})))
  }

  /** Layers as an image of an engine has them, which may be in another order. */
  function held(order: readonly number[], mediaType?: string): Layer[] {
    const own = order.map((at) => layers[at] ?? writtenLayer('x', 1))
    const chains = chainIds(own.map(({diffId}) => diffId))
    return own.map((layer, at) => {
      const digest = sha256(Buffer.from(layer.diffId))
      const descriptor = mediaType === undefined ? undefined : {mediaType, digest, size: 5}
      return {...layer, stored: {chainId: chains[at] ?? '', descriptor}}
    })
  }

  describe('into a classic store', () => {
    it('has the configuration byte for byte, and the layers as the file has them', async () => {
      await using image = await file(0)
      await using archive = await dockerArchiveOfFile(image, [])
      const files = await filesIn(archive.read())
      expect(archive.id).to.equal(sha256(configFile(imageOf(layers))))
      const [{Config, Layers, RepoTags} = {}] = parsed(files.get('manifest.json')) as {
        Config?: string
        Layers?: string[]
        RepoTags?: null
      }[]
      expect(RepoTags).to.equal(null)
      expect(files.get(Config ?? '')?.equals(configFile(imageOf(layers)))).to.equal(true)
      for (const [at, {read}] of image.layers.entries())
        expect(files.get(Layers?.[at] ?? '')?.equals(await buffer(read?.() ?? inChunks(Buffer.alloc(0))))).to.equal(
          true,
        )
      expect(archive.size).to.equal([...files.values()].reduce((sum, {length}) => sum + length, 0))
    })

    it('leaves out layers that the engine has above the same, and takes others from its image', async () => {
      await using image = await file(2)
      for (const [order, sent] of [
        [[0, 1], 1],
        [[1, 0], 3],
        [[3, 0, 1], 3],
      ] as const) {
        await using archive = await dockerArchiveOfFile(image, held(order))
        const files = [...(await filesIn(archive.read())).keys()].filter((path) => path.endsWith('layer.tar'))
        expect(files, String(order)).to.have.length(sent)
      }
    })
  })

  describe('into a store of blobs', () => {
    it('is the file’s own manifest and blobs', async () => {
      await using image = await file(0)
      const archive = ociLayoutOfFile(image, [])
      const files = await filesIn(archive.read())
      expect(archive.id).to.equal(image.manifest?.descriptor.digest)
      expect(
        files.get(`blobs/${archive.id.replace(':', '/')}`)?.equals(image.manifest?.content ?? Buffer.alloc(0)),
      ).to.equal(true)
      expect(files.size).to.equal(7)
    })

    it('names the blobs of the engine for layers that are left out, never in Docker’s media types', async () => {
      await using image = await file(2)
      const archive = ociLayoutOfFile(image, held([1, 0], 'application/vnd.docker.image.rootfs.diff.tar.gzip'))
      const files = await filesIn(archive.read())
      const manifest = parsed(files.get(`blobs/${archive.id.replace(':', '/')}`)) as {
        config: {digest: string}
        layers: {digest: string; mediaType: string}[]
      }
      expect(manifest.config.digest).to.equal(image.id)
      expect(manifest.layers.map(({digest}) => digest)).to.deep.equal([
        ...layers.slice(0, 2).map(({diffId}) => sha256(Buffer.from(diffId))),
        image.layers[2]?.descriptor.digest,
      ])
      for (const {mediaType} of manifest.layers)
        expect(mediaType).to.equal('application/vnd.oci.image.layer.v1.tar+gzip')
      expect(files.size, 'one layer, configuration, manifest, index, oci-layout').to.equal(5)
    })
  })
})
