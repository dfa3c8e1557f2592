import {expect} from 'chai'
import fc from 'fast-check'
import {buffer} from 'node:stream/consumers'
import {gunzipSync, gzipSync} from 'node:zlib'
import {configFile} from '../../../../src/lib/image/image.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import {inChunks} from '../../../support/chunks.js'
import {ownTemporaryFolder} from '../../package/temporary-folder.js'
import {filesIn, imageOf, parsed, sha256, storedLayer, writtenLayer} from '../written.js'
import {NAME, opened, tarOf, writtenBytes, writtenFiles} from './written-file.js'

const OCI = 'application/vnd.oci.image'

interface Index {
  readonly manifests: readonly {
    readonly digest: string
    readonly mediaType: string
    readonly annotations: Readonly<Record<string, string>>
  }[]
}

interface ManifestJson {
  readonly layers: readonly {readonly digest: string; readonly mediaType: string; readonly size: number}[]
}

describe('image in a file', () => {
  const folder = ownTemporaryFolder()

  it('is an OCI image layout with its name as containerd writes it, and the manifest of docker load', async () => {
    const layers = [writtenLayer('a', 100_000), writtenLayer('b', 3)]
    const files = await writtenFiles(layers)
    expect(parsed(files.get('oci-layout'))).to.deep.equal({imageLayoutVersion: '1.0.0'})
    const {manifests} = parsed(files.get('index.json')) as Index
    expect(manifests).to.have.length(1)
    const [first] = manifests
    expect(first?.mediaType).to.equal(`${OCI}.manifest.v1+json`)
    expect(first?.annotations).to.deep.equal({
      'io.containerd.image.name': NAME,
      'org.opencontainers.image.ref.name': 'one',
    })
    const manifest = parsed(files.get(`blobs/${first?.digest.replace(':', '/') ?? ''}`)) as ManifestJson
    const config = sha256(configFile(imageOf(layers)))
    expect(manifest).to.deep.include({schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`})
    expect(manifest.layers.map(({mediaType}) => mediaType)).to.deep.equal(layers.map(() => `${OCI}.layer.v1.tar+gzip`))
    expect(parsed(files.get('manifest.json'))).to.deep.equal([
      {
        Config: `blobs/${config.replace(':', '/')}`,
        RepoTags: [NAME],
        Layers: manifest.layers.map(({digest}) => `blobs/${digest.replace(':', '/')}`),
      },
    ])
    for (const [path, content] of files)
      if (path.startsWith('blobs/')) expect(sha256(content), path).to.equal(path.slice(6).replace('/', ':'))
  })

  it('has every one of its names, and docker.io in full', async () => {
    const names = ['shop:one', 'ghcr.io/acme/shop:two'].map((name) => parseReference(name))
    const files = await writtenFiles([writtenLayer('a', 3)], {names})
    const {manifests} = parsed(files.get('index.json')) as Index
    expect(manifests.map(({annotations}) => annotations['io.containerd.image.name'])).to.deep.equal([
      'docker.io/library/shop:one',
      'ghcr.io/acme/shop:two',
    ])
    await using file = await opened(folder.path, tarOf(files))
    expect(file.names).to.deep.equal(['docker.io/library/shop:one', 'ghcr.io/acme/shop:two'])
  })

  it('takes the blobs of the engine as they are, with the media types of OCI, each once', async () => {
    const blob = gzipSync('of the engine', {level: 1})
    const layer = storedLayer('base', 'application/vnd.docker.image.rootfs.diff.tar.gzip')
    const descriptor = {
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      digest: sha256(blob),
      size: blob.length,
    }
    const blobs = new Map([[layer.diffId, {descriptor, read: () => inChunks(blob)}]])
    const files = await writtenFiles([layer, layer], {blobs})
    expect(files.get(`blobs/sha256/${sha256(blob).slice(7)}`)?.equals(blob)).to.equal(true)
    const {manifests} = parsed(files.get('index.json')) as Index
    const manifest = parsed(files.get(`blobs/${manifests[0]?.digest.replace(':', '/') ?? ''}`)) as ManifestJson
    const described = {mediaType: `${OCI}.layer.v1.tar+gzip`, digest: sha256(blob), size: blob.length}
    expect(manifest.layers).to.deep.equal([described, described])
  })

  it('leaves out the layers of an earlier image, and says which', async () => {
    const [below, above] = [writtenLayer('a', 1000), writtenLayer('b', 1000)]
    const since = {name: 'shop:before', diffIds: new Set([below.diffId, 'sha256:another'])}
    const whole = await writtenFiles([below, above])
    const files = await writtenFiles([below, above], {since})
    expect(files.size).to.equal(whole.size - 1)
    const {manifests} = parsed(files.get('index.json')) as Index
    expect(manifests[0]?.annotations).to.deep.include({
      'com.keg.package.since': 'shop:before',
      'com.keg.package.without': JSON.stringify([below.diffId]),
    })
    await using file = await opened(folder.path, tarOf(files))
    expect(file.since).to.equal('shop:before')
    expect(file.layers.map(({diffId, read}) => [diffId, read === undefined])).to.deep.equal([
      [below.diffId, true],
      [above.diffId, false],
    ])
  })

  it('has no annotation of an earlier image that shares no layer', async () => {
    const since = {name: 'shop:before', diffIds: new Set(['sha256:another'])}
    const files = await writtenFiles([writtenLayer('a', 10)], {since})
    expect(files).to.deep.equal(await writtenFiles([writtenLayer('a', 10)]))
  })

  it('is read as it was written, whatever its layers are', async () => {
    const layersOf = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer({min: 0, max: 5000})), {
      minLength: 1,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(layersOf, async (given) => {
        const image = imageOf(given.map(([name, length]) => writtenLayer(name, length)))
        const bytes = await writtenBytes(image)
        expect(bytes.equals(await writtenBytes(image)), 'the same bytes').to.equal(true)
        await using file = await opened(folder.path, bytes)
        expect(file.config.equals(configFile(image))).to.equal(true)
        expect(file.id).to.equal(sha256(configFile(image)))
        expect(file.details).to.deep.include({Architecture: 'arm64', Variant: 'v8', Os: 'linux', Config: {Cmd: ['x']}})
        expect(file.details.RootFS.Layers).to.deep.equal(image.layers.map(({diffId}) => diffId))
        for (const [at, {read}] of file.layers.entries())
          expect(sha256(gunzipSync(await buffer(read?.() ?? inChunks(Buffer.alloc(0)))))).to.equal(
            image.layers[at]?.diffId,
          )
      }),
      {numRuns: 25},
    )
  })

  describe('as others write it', () => {
    const layers = [writtenLayer('a', 2000), writtenLayer('b', 50)]
    const config = configFile(imageOf(layers))
    const hex = sha256(config).slice(7)
    const expectImage = async (bytes: Buffer, names: readonly string[]): Promise<void> => {
      await using file = await opened(folder.path, bytes)
      expect(file.id).to.equal(sha256(config))
      expect(file.names).to.deep.equal(names)
      for (const [at, {diffId, read}] of file.layers.entries()) {
        expect(diffId).to.equal(layers[at]?.diffId)
        expect(await buffer(read?.() ?? inChunks(Buffer.alloc(0)))).to.have.property('length')
      }
    }

    it('is read: docker save up to Engine 24, with a layer that links to another', async () => {
      const manifest = [
        {Config: `${hex}.json`, RepoTags: ['shop:one', 'shop:two'], Layers: ['x/layer.tar', 'y/layer.tar']},
      ]
      const files = [
        ['x/json', '{}'],
        ['x/layer.tar', layers[0]?.tar ?? ''],
        ['z/layer.tar', layers[1]?.tar ?? ''],
        [`${hex}.json`, config],
        ['manifest.json', JSON.stringify(manifest)],
      ] as const
      const link = {path: 'y/layer.tar', type: 'symlink', link: '../z/layer.tar'} as const
      await expectImage(tarOf(files, [link]), ['shop:one', 'shop:two'])
    })

    it('is read: skopeo copy docker-archive, with compressed layers', async () => {
      const [first = '', second = ''] = layers.map(({tar}) => gzipSync(tar))
      const manifest = [{Config: `${hex}.json`, RepoTags: null, Layers: ['1.tar', '2.tar']}]
      const files = [
        ['1.tar', first],
        ['2.tar', second],
        [`${hex}.json`, config],
        ['manifest.json', JSON.stringify(manifest)],
      ] as const
      await expectImage(tarOf(files), [])
    })

    it('is read: buildx type=oci, with an index for its platform and an attestation', async () => {
      const files = await writtenFiles(layers)
      const {manifests} = parsed(files.get('index.json')) as Index
      const [manifest] = manifests
      const index = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: `${OCI}.index.v1+json`,
          manifests: [
            {...manifest, annotations: undefined, platform: {os: 'linux', architecture: 'arm64'}},
            {
              mediaType: `${OCI}.manifest.v1+json`,
              digest: `sha256:${'e'.repeat(64)}`,
              size: 5,
              platform: {os: 'unknown', architecture: 'unknown'},
              annotations: {'vnd.docker.reference.type': 'attestation-manifest'},
            },
            // Of a platform that docker save left out.
            {mediaType: `${OCI}.manifest.v1+json`, digest: `sha256:${'f'.repeat(64)}`, size: 5},
          ],
        }),
      )
      files.delete('manifest.json')
      files.set(`blobs/sha256/${sha256(index).slice(7)}`, index)
      const outer = {
        mediaType: `${OCI}.index.v1+json`,
        digest: sha256(index),
        size: index.length,
        annotations: {'org.opencontainers.image.ref.name': 'shop:one'},
      }
      files.set('index.json', Buffer.from(JSON.stringify({schemaVersion: 2, manifests: [outer]})))
      await expectImage(tarOf(files), ['shop:one'])
    })

    it('is read: skopeo copy oci-archive, without a name', async () => {
      const files = await writtenFiles(layers)
      const {manifests} = parsed(files.get('index.json')) as Index
      files.delete('manifest.json')
      const bare = manifests.map(({digest, mediaType, ...more}) => ({
        digest,
        mediaType,
        ...more,
        annotations: undefined,
      }))
      files.set('index.json', Buffer.from(JSON.stringify({schemaVersion: 2, manifests: bare})))
      await expectImage(tarOf(files), [])
    })

    it('is written so that an independent reader finds every file', async () => {
      expect([...(await filesIn(inChunks(await writtenBytes(imageOf(layers))))).keys()]).to.include.members([
        'oci-layout',
        'index.json',
        'manifest.json',
        `blobs/sha256/${hex}`,
      ])
    })
  })
})
