import {expect} from 'chai'
import {readdirSync} from 'node:fs'
import {gunzipSync} from 'node:zlib'
import {Cleanup} from '../../../../src/lib/async/cleanup.js'
import {compress} from '../../../../src/lib/image/archive/compress.js'
import {configFile} from '../../../../src/lib/image/image.js'
import {mediaTypesFor, ociLayout} from '../../../../src/lib/image/archive/oci-layout.js'
import {thrown} from '../../../support/thrown.js'
import {ownTemporaryFolder} from '../../package/temporary-folder.js'
import {filesIn, imageOf, parsed, sha256, storedLayer, writtenLayer} from '../written.js'

const families = {
  OCI: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  Docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
}

interface Described {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

describe('OCI layout of an image', () => {
  for (const [family, types] of Object.entries(families))
    it(`follows the specification, above layers of ${family}`, async () => {
      const base = storedLayer('base', types.layer)
      const [first, second] = [writtenLayer('a', 10), writtenLayer('b', 1_500_000)]
      const image = imageOf([base, first, second])
      await using layout = await ociLayout(image)
      const files = await filesIn(layout.read())

      expect(parsed(files.get('oci-layout'))).to.deep.equal({imageLayoutVersion: '1.0.0'})
      const index = parsed(files.get('index.json')) as {manifests: readonly Described[]}
      const manifestFile = files.get(`blobs/${layout.id.replace(':', '/')}`) ?? Buffer.alloc(0)
      expect(index).to.deep.equal({
        schemaVersion: 2,
        manifests: [{mediaType: types.manifest, digest: layout.id, size: manifestFile.length}],
      })
      const manifest = parsed(manifestFile) as {config: Described; layers: readonly Described[]}
      const config = configFile(image)
      expect(manifest).to.deep.include({
        schemaVersion: 2,
        mediaType: types.manifest,
        config: {mediaType: types.config, digest: sha256(config), size: config.length},
      })
      expect(manifest.layers).to.have.length(3)
      expect(manifest.layers[0]).to.deep.equal(base.stored?.descriptor)
      for (const [place, layer] of [
        [1, first],
        [2, second],
      ] as const) {
        const described = manifest.layers[place]
        const blob = files.get(`blobs/${described?.digest.replace(':', '/') ?? ''}`) ?? Buffer.alloc(0)
        expect(described).to.deep.equal({mediaType: types.layer, digest: sha256(blob), size: blob.length})
        expect(gunzipSync(blob).equals(layer.tar)).to.equal(true)
      }
      for (const [path, content] of files)
        if (path.startsWith('blobs/')) expect(sha256(content), path).to.equal(path.slice(6).replace('/', ':'))
      expect(files.size, 'no blob of a stored layer').to.equal(6)
      expect(layout.size).to.equal([...files.values()].reduce((sum, {length}) => sum + length, 0))
    })

  it('is the same each time, and can be read again', async () => {
    const image = imageOf([storedLayer('base', families.OCI.layer), writtenLayer('a', 100_000)])
    await using first = await ociLayout(image)
    await using second = await ociLayout(image)
    expect(first.id).to.equal(second.id)
    expect(await filesIn(first.read())).to.deep.equal(await filesIn(first.read()))
    expect(await filesIn(first.read())).to.deep.equal(await filesIn(second.read()))
  })

  it('reuses a layer that is already compressed, and only names one that the engine has', async () => {
    await using cleanup = new Cleanup()
    const layer = writtenLayer('a', 100_000)
    const {compressed, diffId, size} = await compress(layer.uncompressed(), {cleanup})
    expect({diffId, size}).to.deep.equal({diffId: layer.diffId, size: layer.tar.length})
    const unread = (): never => {
      throw new Error('it is compressed a second time')
    }
    await using first = await ociLayout(imageOf([layer]))
    await using second = await ociLayout(imageOf([{...layer, compressed, uncompressed: unread}]))
    expect(await filesIn(second.read())).to.deep.equal(await filesIn(first.read()))
    await using third = await ociLayout(second.image)
    expect(third.id).to.equal(first.id)
    expect((await filesIn(third.read())).size, 'all but the blob').to.equal((await filesIn(first.read())).size - 1)
  })

  describe('that fails', () => {
    const folder = ownTemporaryFolder()

    it('leaves no file behind, and throws its source’s error unchanged', async () => {
      const broken = new Error('the recording is gone')
      const layer = writtenLayer('b', 10)
      const failing = {
        ...layer,
        // oxlint-disable-next-line typescript/require-await, require-yield -- it fails like any other content
        async *uncompressed() {
          throw broken
        },
      }
      expect(await thrown(ociLayout(imageOf([writtenLayer('a', 10), failing])))).to.equal(broken)
      expect(readdirSync(folder.path)).to.deep.equal([])
    })

    it('names a stored layer whose blob is unknown', async () => {
      const error = await thrown(ociLayout(imageOf([writtenLayer('a', 10), storedLayer('base')])))
      expect(error.message).to.include(storedLayer('base').diffId)
    })
  })
})

describe('media types of an image', () => {
  it("are Docker's if any stored layer is, else OCI's: they are never mixed", () => {
    const [oci, docker] = [storedLayer('a', families.OCI.layer), storedLayer('b', families.Docker.layer)]
    expect(mediaTypesFor([])).to.deep.equal(families.OCI)
    expect(mediaTypesFor([oci, writtenLayer('c', 1)])).to.deep.equal(families.OCI)
    expect(mediaTypesFor([storedLayer('d')])).to.deep.equal(families.OCI)
    expect(mediaTypesFor([docker, writtenLayer('c', 1)])).to.deep.equal(families.Docker)
    expect(mediaTypesFor([oci, docker])).to.deep.equal(families.Docker)
  })
})
