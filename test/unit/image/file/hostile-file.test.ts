import {expect} from 'chai'
import fc from 'fast-check'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {buffer} from 'node:stream/consumers'
import {KegError} from '../../../../src/lib/error/keg-error.js'
import {openImageFile} from '../../../../src/lib/image/file/open-image-file.js'
import {configFile} from '../../../../src/lib/image/image.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'
import {testWork} from '../../../support/work.js'
import {ownTemporaryFolder} from '../../package/temporary-folder.js'
import {imageOf, parsed, sha256, writtenLayer} from '../written.js'
import {opened, replaceBlob, tarOf, writtenBytes, writtenFiles, type Files} from './written-file.js'

interface Descriptor {
  digest: string
  mediaType: string
  size: number
}

interface ManifestJson {
  config: Descriptor
  layers: Descriptor[]
}

interface IndexJson {
  manifests: Descriptor[]
}

const layers = [writtenLayer('a', 5000), writtenLayer('b', 100)]

/** Changes the documents of a layout, with the digests above them made to match. */
function changed(
  files: Files,
  {
    config,
    index,
    manifest,
  }: {
    config?: (config: Record<string, unknown>) => unknown
    index?: (index: IndexJson) => unknown
    manifest?: (manifest: ManifestJson) => unknown
  },
): Files {
  const indexJson = parsed(files.get('index.json')) as IndexJson
  const [listed] = indexJson.manifests
  if (listed === undefined) throw new Error('no manifest')
  const manifestJson = parsed(files.get(`blobs/${listed.digest.replace(':', '/')}`)) as ManifestJson
  if (config !== undefined) {
    const old = parsed(files.get(`blobs/${manifestJson.config.digest.replace(':', '/')}`)) as Record<string, unknown>
    const text = JSON.stringify(config(old) ?? old)
    Object.assign(manifestJson.config, replaceBlob(files, manifestJson.config.digest, text))
  }
  const text = JSON.stringify(manifest?.(manifestJson) ?? manifestJson)
  Object.assign(listed, replaceBlob(files, listed.digest, text))
  files.set('index.json', Buffer.from(JSON.stringify(index?.(indexJson) ?? indexJson)))
  return files
}

describe('file that is not what it seems', () => {
  const folder = ownTemporaryFolder()

  async function refused(bytes: Buffer): Promise<{readonly code: string; readonly message: string}> {
    const error = await thrown(opened(folder.path, bytes))
    if (!(error instanceof KegError)) throw error
    expect(error.hint).to.match(/\w/)
    return {code: error.code, message: error.message}
  }

  const invalid: readonly (readonly [string, () => Promise<Buffer> | Buffer, RegExp])[] = [
    ['an empty file', () => Buffer.alloc(0), /ends too early/],
    ['no tar', () => Buffer.alloc(10_000, 'x'), /it/],
    ['a compressed tar', async () => (await import('node:zlib')).gzipSync(await writtenBytes(imageOf(layers))), /it/],
    ['a tar of something else', () => tarOf([['readme', 'hello']]), /neither oci-layout nor manifest.json/],
    ['a path out of it', () => tarOf([['../../etc/passwd', 'x']]), /path with \.\. in it/],
    ['no index', async () => tarOf(without(await writtenFiles(layers), 'index.json')), /index.json is missing/],
    [
      'an oci-layout of another version',
      async () => tarOf((await writtenFiles(layers)).set('oci-layout', Buffer.from('{}'))),
      /version 1/,
    ],
    [
      'an index that is not JSON',
      async () => tarOf((await writtenFiles(layers)).set('index.json', Buffer.from('{'))),
      /index.json is not JSON/,
    ],
    [
      'an index without images',
      async () => tarOf(changed(await writtenFiles(layers), {index: () => ({manifests: []})})),
      /lists no image/,
    ],
    [
      'an index of something else',
      async () =>
        tarOf(
          changed(await writtenFiles(layers), {
            index: ({manifests}) => ({manifests: manifests.map((each) => ({...each, mediaType: 'text/plain'}))}),
          }),
        ),
      /not an image/,
    ],
    [
      'a digest of another kind',
      async () =>
        tarOf(
          changed(await writtenFiles(layers), {
            index: ({manifests}) => ({manifests: manifests.map((each) => ({...each, digest: '../../x'}))}),
          }),
        ),
      /descriptor/,
    ],
    [
      'a manifest that is missing',
      async () =>
        tarOf(
          changed(await writtenFiles(layers), {
            index: ({manifests}) => ({
              manifests: manifests.map((each) => ({...each, digest: `sha256:${'0'.repeat(64)}`})),
            }),
          }),
        ),
      /the blob sha256:0+ is missing/,
    ],
    [
      'a configuration of a layer more',
      async () =>
        tarOf(
          changed(await writtenFiles(layers), {
            manifest: (manifest) => ({...manifest, layers: manifest.layers.slice(1)}),
          }),
        ),
      /1 layers, and its configuration 2/,
    ],
    [
      'a configuration that is none',
      async () => tarOf(changed(await writtenFiles(layers), {config: () => ({})})),
      /not that of an image/,
    ],
    [
      'labels that are not text',
      async () =>
        tarOf(
          changed(await writtenFiles(layers), {
            config: (config) => ({...config, config: {Labels: {'com.keg.role': ['package']}}}),
          }),
        ),
      /not that of an image/,
    ],
    [
      'a diffID that is none',
      async () =>
        tarOf(changed(await writtenFiles(layers), {config: (config) => ({...config, rootfs: {diff_ids: ['x', 'y']}})})),
      /without a sha256 digest/,
    ],
    [
      'two files of one name',
      async () => tarOf(await writtenFiles(layers), [{path: 'index.json', content: '{}'}]),
      /two files index.json/,
    ],
    [
      'an enormous document',
      async () => tarOf((await writtenFiles(layers)).set('index.json', Buffer.alloc(5_000_000, ' '))),
      /more than any real one/,
    ],
    [
      'JSON without an end of its depth',
      async () => tarOf((await writtenFiles(layers)).set('index.json', Buffer.alloc(4_000_000, '['))),
      /not JSON/,
    ],
    [
      'a link to itself',
      async () =>
        tarOf(without(await writtenFiles(layers), 'index.json'), [
          {path: 'index.json', type: 'symlink', link: 'index.json'},
        ]),
      /index.json is missing/,
    ],
    [
      'more files than any image',
      () => tarOf(Array.from({length: 10_001}, (_, index) => [`f${index}`, ''] as const)),
      /more than 10000 files/,
    ],
    ['a manifest.json without images', () => tarOf([['manifest.json', '[]']]), /lists no image/],
    [
      'a manifest.json without the configuration',
      () => tarOf([['manifest.json', '[{"Config":"x.json","Layers":[]}]']]),
      /lacks the configuration/,
    ],
    [
      'a manifest.json without a layer',
      () =>
        tarOf([
          ['manifest.json', '[{"Config":"x.json","Layers":["a"]}]'],
          ['x.json', configFile(imageOf(layers))],
        ]),
      /lacks the layer a/,
    ],
  ]
  for (const [what, make, why] of invalid)
    it(`is refused: ${what}`, async () => {
      const {code, message} = await refused(await make())
      expect(code, message).to.equal('file-invalid')
      expect(message).to.match(why)
    })

  it('is refused: an index in an index in an index', async () => {
    const type = 'application/vnd.oci.image.index.v1+json'
    const files = await writtenFiles(layers)
    const nest = (manifests: unknown): Descriptor => {
      const content = Buffer.from(JSON.stringify({manifests}))
      files.set(`blobs/sha256/${sha256(content).slice(7)}`, content)
      return {mediaType: type, digest: sha256(content), size: content.length}
    }
    const {manifests} = parsed(files.get('index.json')) as IndexJson
    files.set('index.json', Buffer.from(JSON.stringify({manifests: [nest([nest(manifests)])]})))
    expect(await refused(tarOf(files))).to.deep.include({code: 'file-invalid'})
  })

  it('is refused: blobs whose content or size is not what is said', async () => {
    const files = await writtenFiles(layers)
    const [path = ''] = [...files.keys()].filter((name) => name.startsWith('blobs/'))
    const other = Buffer.from(files.get(path) ?? '')
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1
    const content = await refused(tarOf(new Map(files).set(path, other)))
    expect(content).to.deep.include({code: 'file-damaged'})
    expect(content.message).to.include('has other content. Nothing was loaded.')
    const size = await refused(
      tarOf(
        changed(files, {
          manifest: (manifest) => ({
            ...manifest,
            layers: manifest.layers.map((layer) => ({...layer, size: layer.size + 1})),
          }),
        }),
      ),
    )
    expect(size).to.deep.include({code: 'file-damaged'})
    expect(size.message).to.match(/has \d+ bytes instead of \d+/)
  })

  it('is refused: layers and a configuration of docker save that do not match', async () => {
    const config = configFile(imageOf(layers))
    const hex = sha256(config).slice(7)
    const manifest = JSON.stringify([{Config: `${hex}.json`, Layers: ['1', '2']}])
    const [first, second] = layers.map(({tar}) => tar)
    const {gzipSync} = await import('node:zlib')
    const tars = (one: Buffer | string = '', two: Buffer | string = '', configuration: Buffer = config): Buffer =>
      tarOf([
        ['1', one],
        ['2', two],
        [`${hex}.json`, configuration],
        ['manifest.json', manifest],
      ])
    for (const bytes of [
      tars(second, first),
      tars(first, 'x'),
      tars(first, gzipSync('x')),
      tars(first, Buffer.concat([gzipSync('x'), Buffer.from('broken')])),
      tars(first, second, Buffer.concat([config, Buffer.from(' ')])),
    ])
      expect((await refused(bytes)).code).to.equal('file-damaged')
  })

  it('is refused: several images, with their names', async () => {
    const files = await writtenFiles(layers)
    const others = await writtenFiles([writtenLayer('c', 10)])
    const all = [files, others].flatMap((each) => (parsed(each.get('index.json')) as IndexJson).manifests)
    const both = new Map([...others, ...files, ['index.json', Buffer.from(JSON.stringify({manifests: all}))]] as const)
    const {code, message} = await refused(tarOf(both))
    expect(code).to.equal('file-several')
    expect(message).to.include('registry.example.com/team/shop:one')
    const docker = JSON.stringify([
      {Config: 'a.json', RepoTags: ['one:1']},
      {Config: 'b.json', RepoTags: null},
    ])
    expect(await refused(tarOf([['manifest.json', docker]]))).to.deep.equal({
      code: 'file-several',
      message: './shop.tar holds 2 images: one:1, b.json.',
    })
  })

  it('is refused wherever it is cut off, and whichever of its bytes in a blob is another', async () => {
    const whole = await writtenBytes(imageOf([writtenLayer('a', 700)]))
    const end = whole.length - 1024
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 0, max: end - 1}), async (length) => {
        expect((await refused(whole.subarray(0, length))).code).to.equal('file-invalid')
      }),
      {numRuns: 40},
    )
    await fc.assert(
      fc.asyncProperty(fc.integer({min: 0, max: end - 1}), fc.integer({min: 1, max: 255}), async (at, change) => {
        const other = Buffer.from(whole)
        other[at] = (other[at] ?? 0) ^ change
        const outcome = await opened(folder.path, other).then(
          async (file) => {
            // A byte that means nothing, such as padding, the time of a file, or an annotation.
            const [layer] = file.layers
            const content = layer?.read === undefined ? undefined : sha256(await buffer(layer.read()))
            await file[Symbol.asyncDispose]()
            return content === layer?.descriptor.digest ? 'same' : 'another'
          },
          (error: unknown) => (error instanceof KegError ? error.code : String(error)),
        )
        expect(outcome).to.be.oneOf(['same', 'file-invalid', 'file-damaged'])
      }),
      {numRuns: 60},
    )
  })

  it('is noticed if it changes after it was checked', async () => {
    const bytes = await writtenBytes(imageOf(layers))
    await using file = await opened(folder.path, bytes)
    const [layer] = file.layers
    writeFileSync(join(folder.path, 'shop.tar'), Buffer.alloc(bytes.length, 1))
    const error = await thrown(buffer(layer?.read?.() ?? inChunks(Buffer.alloc(0))))
    expect(error).to.have.property('code', 'file-damaged')
  })

  it('is reported if it is missing, a folder, or cannot be read', async () => {
    const work = {...testWork(), folder: folder.path}
    expect(await thrown(openImageFile(work, './none.tar'))).to.have.property('code', 'file-missing')
    expect(await thrown(openImageFile(work, './'))).to.have.property('code', 'file-missing')
    const {TarFiles} = await import('../../../../src/lib/image/file/tar-files.js')
    const read = (): never => {
      throw Object.assign(new Error('a disk that fails'), {code: 'EIO'})
    }
    const handle = {read: () => Promise.resolve().then(read)}
    const failing = TarFiles.of({path: 'x.tar', handle, signal: work.signal})
    const error = await thrown(failing)
    expect(error).to.have.property('code', 'file-unreadable')
    expect(error.message).to.equal('x.tar cannot be read (EIO).')
  })
})

function without(files: Files, path: string): Files {
  files.delete(path)
  return files
}
