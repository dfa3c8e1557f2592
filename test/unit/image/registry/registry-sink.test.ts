import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import type {Engine} from '../../../../src/lib/engine/engine.js'
import type {ImageDetails} from '../../../../src/lib/engine/types.js'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import type {Encoder} from '../../../../src/lib/image/archive/encoded-tar.js'
import {Cleanup} from '../../../../src/lib/async/cleanup.js'
import {compressorFor, type Compressor} from '../../../../src/lib/image/archive/compression.js'
import {layerContent} from '../../../../src/lib/image/image.js'
import type {Image, Layer} from '../../../../src/lib/image/model.js'
import {RegistrySink, type RegistrySinkOptions} from '../../../../src/lib/image/registry/registry-sink.js'
import type {StoredImage} from '../../../../src/lib/image/store/image-store.js'
import {parseReference, parseTag} from '../../../../src/lib/reference/reference.js'
import {digestOf, MemoryRegistry, refuse} from '../../registry/client/memory-registry.js'
import type {ProgressEvent} from '../../../../src/lib/terminal/progress.js'
import {formatBytes} from '../../../../src/lib/terminal/text.js'
import {thrown} from '../../../support/thrown.js'
import {testWork} from '../../../support/work.js'

const MEGABYTE = 1024 * 1024
const created = '2024-01-01T00:00:00.000Z'
const history = {created, created_by: 'a test'}

interface Manifest {
  readonly config: {readonly digest: string}
  readonly layers: readonly {readonly digest: string; readonly mediaType: string; readonly size: number}[]
}

/** A layer of any content, and how often that was read. */
function layerOf(content: Buffer): Layer & {readonly reads: () => number} {
  let reads = 0
  const layer = layerContent(content, history)
  const uncompressed = async function* (): AsyncGenerator<Buffer> {
    reads++
    yield* layer.uncompressed()
  }
  return {kind: 'base', ...layer, uncompressed, reads: () => reads}
}

function imageOf(layers: readonly Layer[]): Image {
  return {
    layers,
    config: {created, architecture: 'amd64', os: 'linux', config: {Cmd: ['true']}},
    labels: {},
    emptyHistory: [],
  }
}

/** An image of the engine, of which only its layers and digests matter. */
function detailsOf(layers: readonly Layer[], RepoDigests: string[] = []): ImageDetails {
  const diffIds = layers.map(({diffId}) => diffId)
  return {
    Id: `sha256:${'e'.repeat(64)}`,
    RepoDigests,
    Architecture: 'amd64',
    Os: 'linux',
    Size: 0,
    Config: {},
    RootFS: {Type: 'layers', Layers: diffIds},
  }
}

describe('an image that is sent to a registry', () => {
  let registry: MemoryRegistry
  let folder: string
  let events: ProgressEvent[]

  beforeEach(async () => {
    registry = await MemoryRegistry.start()
    folder = await mkdtemp(join(tmpdir(), 'keg-test-sink-'))
    events = []
  })

  afterEach(async () => {
    await registry.stop()
    await rm(folder, {recursive: true, force: true})
  })

  interface Parts extends Partial<Omit<RegistrySinkOptions, 'names'>> {
    readonly notice?: (line: string) => unknown
    readonly signal?: AbortSignal
    readonly tags?: readonly string[]
  }

  const tagsOf = new Map<RegistrySink, readonly string[]>()

  async function open({
    notice = () => undefined,
    signal = new AbortController().signal,
    tags = ['dev'],
    ...options
  }: Parts = {}): Promise<RegistrySink> {
    const facts: Partial<Engine['facts']> = {info: {}}
    const work = testWork({
      engine: {facts: facts as Engine['facts']},
      environment: {XDG_STATE_HOME: folder, HOME: folder, DOCKER_CONFIG: folder},
      notice: (line) => void notice(line),
      progress: (event) => events.push(event),
      signal,
    })
    const sink = await RegistrySink.open(work, {
      names: tags.map((tag) => ({...parseReference(`${registry.registry}/a/b`), tag: parseTag(tag)})),
      base: detailsOf([]),
      commit: noCommit,
      compressor: compressorFor({compression: 'gzip', level: undefined}),
      ...options,
    })
    tagsOf.set(sink, tags)
    return sink
  }

  /** Gives an image all names that it was opened with. */
  async function tagAll(sink: RegistrySink): Promise<string[]> {
    const digests: string[] = []
    for (const tag of tagsOf.get(sink) ?? [])
      digests.push(await sink.tag({...parseReference(`${registry.registry}/a/b`), tag: parseTag(tag)}, false))
    return digests
  }

  const noCommit: RegistrySinkOptions['commit'] = {
    view: imageOf([]),
    keep: () => Promise.reject(new Error('nothing is read from the engine')),
    blobs: () => Promise.reject(new Error('nothing is read from the engine')),
  }

  function manifest(tag: string): Manifest {
    return JSON.parse(registry.manifests.get(tag)?.bytes.toString('utf8') ?? 'null') as Manifest
  }

  /** The manifests that can be read, by tag or digest. */
  const acceptDeletion = (): void => {
    registry.instead = (line, _, response) => {
      const name = /^DELETE \/v2\/a\/b\/manifests\/(.*)$/.exec(line)?.[1]
      if (name === undefined) return false
      registry.manifests.delete(name)
      response.writeHead(202).end()
      return true
    }
  }

  /** Has the registry forget an upload at its second chunk. */
  function loseSecondChunk(): void {
    let patches = 0
    registry.instead = (line, request, response) => {
      if (!line.startsWith('PATCH') || ++patches !== 2) return false
      registry.uploads.clear()
      request.resume()
      refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN')
      return true
    }
  }

  it('has its layers, configuration and manifest there before its tags, and can be read back', async () => {
    const [small, large] = [layerOf(Buffer.from('small')), layerOf(randomBytes(9 * MEGABYTE))]
    const image = imageOf([small, large])
    await using sink = await open({tags: ['dev', 'again']})
    sink.start([small])
    await sink.finish(image)
    expect([...registry.manifests.keys()].filter((name) => !name.startsWith('sha256:'))).to.deep.equal([])
    const {details, layers} = await sink.open()
    expect(details.RootFS.Layers).to.deep.equal([small.diffId, large.diffId])
    expect(layers.map(({diffId}) => diffId)).to.deep.equal([small.diffId, large.diffId])
    const digests = await tagAll(sink)
    expect(registry.lines.slice(-2)).to.deep.equal(['PUT /v2/a/b/manifests/dev', 'PUT /v2/a/b/manifests/again'])
    expect(digests).to.deep.equal([digests[0], digests[0]])
    const blobs = manifest('dev').layers.map(({digest}) => gunzipSync(registry.blobs.get(digest) ?? ''))
    expect(blobs.map(digestOf)).to.deep.equal([small.diffId, large.diffId])
    for (const {digest, size} of manifest('dev').layers) expect(registry.blobs.get(digest)).to.have.lengthOf(size)
    expect(registry.blobs.get(manifest('dev').config.digest)?.toString('utf8')).to.include('"Cmd":["true"]')
    expect([...registry.uploads.keys()]).to.deep.equal([])
    const last = events.at(-1)
    expect(last).to.include({state: 'done', stage: `Pushing ${registry.registry}/a/b:dev`, done: sink.bytes})
    expect(sink.bytes).to.equal(manifest('dev').layers.reduce((sum, {size}) => sum + size, 0))
  })

  it('sends nothing that the registry has, and does not compress it', async () => {
    const first = layerOf(randomBytes(MEGABYTE))
    {
      await using sink = await open()
      await sink.finish(imageOf([first]))
      await tagAll(sink)
    }
    const [again, more] = [layerOf(Buffer.from(await contentOf(first))), layerOf(Buffer.from('more'))]
    await using sink = await open({tags: ['next']})
    await sink.finish(imageOf([again, more]))
    await tagAll(sink)
    expect(again.reads()).to.equal(0)
    expect(sink.bytes).to.be.below(100)
    expect(events.at(-1)?.note).to.equal('1 layer there already')
    expect(manifest('next').layers[0]).to.deep.equal(manifest('dev').layers[0])
  })

  it('takes no blob of zstd for gzip, which older engines cannot pull', async () => {
    const content = Buffer.from('layer')
    const zstd = {
      name: 'zstd 3',
      mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
      compress: (tar: AsyncIterable<Buffer>) => compressorFor({compression: 'gzip', level: 1}).compress(tar),
    }
    for (const [tag, compressor] of [
      ['zstd', zstd],
      ['gzip', undefined],
    ] as const) {
      await using sink = await open({tags: [tag], ...(compressor && {compressor})})
      await sink.finish(imageOf([layerOf(content)]))
      await tagAll(sink)
    }
    expect(manifest('zstd').layers[0]?.mediaType).to.equal(zstd.mediaType)
    expect(manifest('gzip').layers[0]?.mediaType).to.equal('application/vnd.oci.image.layer.v1.tar+gzip')
  })

  it('sends a layer again that the registry has lost since', async () => {
    const content = randomBytes(1000)
    for (const tag of ['one', 'two']) {
      await using sink = await open({tags: [tag]})
      await sink.finish(imageOf([layerOf(content)]))
      await tagAll(sink)
      if (tag === 'one') registry.blobs.clear()
    }
    expect(manifest('two').layers).to.deep.equal(manifest('one').layers)
    expect(registry.blobs.has(manifest('two').layers[0]?.digest ?? '')).to.equal(true)
  })

  it('takes the layers of its base image from the registry, if it is the same image there', async () => {
    const base = layerOf(randomBytes(1000))
    {
      await using sink = await open({tags: ['base']})
      await sink.finish(imageOf([base]))
      await tagAll(sink)
    }
    const digest = digestOf(registry.manifests.get('base')?.bytes ?? '')
    await rm(folder, {recursive: true, force: true})
    const again = layerOf(Buffer.from(await contentOf(base)))
    const details = detailsOf([again], [`${registry.registry}/a/b@${digest}`])
    await using sink = await open({base: details})
    await sink.finish(imageOf([again]))
    await tagAll(sink)
    expect(again.reads()).to.equal(0)
    expect((await sink.open()).layers[0]?.read, 'need not be read back').to.equal(undefined)

    // Another image under the same digest in the engine: its layers are sent.
    await rm(folder, {recursive: true, force: true})
    const [one, two] = [layerOf(randomBytes(1000)), layerOf(randomBytes(1000))]
    await using other = await open({base: detailsOf([one, two], [`${registry.registry}/a/b@${digest}`])})
    await other.finish(imageOf([one, two]))
    expect([one.reads(), two.reads()]).to.deep.equal([1, 1])
  })

  it('takes blobs that the engine has as they are, and reads them in one pass', async () => {
    const content = randomBytes(1000)
    const blob = Buffer.concat([Buffer.from('stored as it is'), content])
    const layer = layerOf(content)
    const descriptor = {
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      digest: digestOf(blob),
      size: 1015,
    }
    const stored: Layer = {...layer, stored: {chainId: layer.diffId, descriptor}}
    let passes = 0
    const blobs: StoredImage['blobs'] = () => {
      passes++
      const read = async function* (): AsyncGenerator<Buffer> {
        yield await Promise.resolve(blob)
      }
      return Promise.resolve(new Map([[layer.diffId, {descriptor, read}]]))
    }
    await using sink = await open({commit: {...noCommit, blobs}})
    await sink.finish(imageOf([stored]))
    await tagAll(sink)
    expect([passes, layer.reads()]).to.deep.equal([1, 0])
    expect(registry.blobs.get(descriptor.digest)?.equals(blob)).to.equal(true)
    expect(manifest('dev').layers).to.deep.equal([
      {...descriptor, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip'},
    ])
  })

  it('compresses a layer once more if the registry lost its upload', async () => {
    const layer = layerOf(randomBytes(20 * MEGABYTE))
    loseSecondChunk()
    await using sink = await open()
    await sink.finish(imageOf([layer]))
    await tagAll(sink)
    expect(layer.reads()).to.equal(2)
    const [sent] = manifest('dev').layers
    expect(digestOf(gunzipSync(registry.blobs.get(sent?.digest ?? '') ?? ''))).to.equal(layer.diffId)
    expect(sink.bytes, 'bytes sent again are not counted twice').to.equal(sent?.size)
  })

  it('has the size of what was sent in the end, even if the end of a try that was given up comes later', async () => {
    const layer = layerOf(randomBytes(20 * MEGABYTE))
    loseSecondChunk()
    const gzip = compressorFor({compression: 'gzip', level: undefined})
    let beginAgain: () => void = () => undefined
    const begunAgain = new Promise<void>((resolve) => (beginAgain = resolve))
    let tries = 0
    const compress: Compressor['compress'] = async function* (tar) {
      const isFirst = ++tries === 1
      let members = 0
      for await (const member of gzip.compress(tar)) {
        members++
        // The first of the third chunk, which is read ahead while the second is lost.
        if (isFirst && members === 9) await begunAgain
        if (!isFirst && members === 1) {
          beginAgain()
          await new Promise(setImmediate)
        }
        yield member
      }
    }
    await using sink = await open({compressor: {...gzip, compress}})
    await sink.finish(imageOf([layer]))
    await tagAll(sink)
    expect(tries).to.equal(2)
    const [sent] = manifest('dev').layers
    expect(registry.blobs.get(sent?.digest ?? '')?.length).to.equal(sent?.size)
  })

  /** Reads a layer as a mount is read. */
  const read =
    (layer: Layer) =>
    async (encode: Encoder): Promise<Layer> => {
      const {diffId, size} = await encode(layer.uncompressed(), {cleanup: new Cleanup()})
      expect([diffId, size]).to.deep.equal([layer.diffId, await layer.size()])
      return layer
    }

  describe('that was stopped in the middle', () => {
    let notices: string[]
    beforeEach(() => {
      notices = []
    })

    /** Stops a keg at a request. */
    async function stopAt(pattern: RegExp, send: (sink: RegistrySink) => Promise<unknown>): Promise<void> {
      const stop = new AbortController()
      registry.instead = (line) => {
        if (pattern.test(line)) stop.abort(new Error('stopped'))
        return false
      }
      {
        await using sink = await open({signal: stop.signal, notice: (line) => notices.push(line)})
        expect(await thrown(send(sink))).to.have.property('message', 'stopped')
      }
      registry.instead = () => false
      registry.lines.length = 0
    }

    const finish = async (sink: RegistrySink, layer: Layer): Promise<void> => {
      await sink.finish(imageOf([layer]))
      await tagAll(sink)
      const [sent] = manifest('dev').layers
      expect(digestOf(gunzipSync(registry.blobs.get(sent?.digest ?? '') ?? ''))).to.equal(layer.diffId)
      expect([...registry.uploads.keys()]).to.deep.equal([])
    }

    it('goes on within its layer, and says so', async () => {
      const layer = layerOf(randomBytes(20 * MEGABYTE))
      await stopAt(/^PATCH/, (sink) => sink.finish(imageOf([layer])))
      const [upload] = [...registry.uploads.values()]
      expect(notices).to.deep.equal([
        `${registry.registry} keeps ${formatBytes(upload?.length ?? 0)} of unfinished layers. The next package continues from there.`,
      ])
      await using sink = await open({notice: (line) => notices.push(line)})
      await finish(sink, layer)
      expect(sink.bytes).to.equal((manifest('dev').layers[0]?.size ?? 0) - (upload?.length ?? 0))
      const lastRunning = events.filter(({state}) => state === 'running').at(-1)
      expect(lastRunning).to.include({
        ...{done: sink.bytes, total: sink.bytes},
        note: `${formatBytes(upload?.length ?? 0)} were sent before`,
      })
      await sink[Symbol.asyncDispose]()
      expect(notices).to.have.lengthOf(1)
    })

    it('goes on within a layer that was read for the first time', async () => {
      const layer = layerOf(randomBytes(20 * MEGABYTE))
      await stopAt(/^PATCH/, (sink) => sink.make('/data', read(layer)))
      const [upload] = [...registry.uploads.values()]
      await using sink = await open()
      expect(await sink.make('/data', read(layer))).to.equal(layer)
      await finish(sink, layer)
      expect(sink.bytes).to.equal((manifest('dev').layers[0]?.size ?? 0) - (upload?.length ?? 0))
      expect(registry.count(/^PATCH/)).to.be.least(1)
    })

    it('sends a layer whose content has changed from its start', async () => {
      await stopAt(/^PATCH/, (sink) => sink.make('/data', read(layerOf(randomBytes(20 * MEGABYTE)))))
      expect(registry.uploads.size).to.equal(1)
      const layer = layerOf(randomBytes(20 * MEGABYTE))
      await using sink = await open()
      await sink.make('/data', read(layer))
      await finish(sink, layer)
      expect(sink.bytes).to.equal(manifest('dev').layers[0]?.size)
    })

    it('does not send what was complete', async () => {
      const [one, two] = [layerOf(randomBytes(1000)), layerOf(randomBytes(20 * MEGABYTE))]
      await stopAt(/^PATCH/, async (sink) => {
        await sink.make('/one', read(one))
        await sink.make('/two', read(two))
      })
      await using sink = await open()
      for (const [place, layer] of [
        ['/one', one],
        ['/two', two],
      ] as const)
        await sink.make(place, read(layer))
      await sink.finish(imageOf([one, two]))
      expect(registry.count(/^POST/), 'only for the configuration').to.equal(1)
    })
  })

  describe('while it is read for the first time', () => {
    it('reads a layer once, and later twice if it is new, or once if it is not', async () => {
      const [one, two] = [layerOf(randomBytes(9 * MEGABYTE)), layerOf(randomBytes(1000))]
      for (const [tag, layer, reads] of [
        ['one', one, 1],
        ['same', one, 2],
        ['new', two, 2],
      ] as const) {
        await using sink = await open({tags: [tag]})
        const image = imageOf([await sink.make('/data', read(layer))])
        const shown = events.at(-1)?.done
        sink.start(image.layers)
        await sink.finish(image)
        await tagAll(sink)
        expect(layer.reads(), tag).to.equal(reads)
        if (tag === 'one') expect(shown, 'shown while it is read').to.equal(manifest(tag).layers[0]?.size)
        const [sent] = manifest(tag).layers
        expect(digestOf(gunzipSync(registry.blobs.get(sent?.digest ?? '') ?? ''))).to.equal(layer.diffId)
        expect(registry.blobs.get(sent?.digest ?? '')).to.have.lengthOf(sent?.size ?? 0)
      }
      expect(manifest('same').layers).to.deep.equal(manifest('one').layers)
    })

    it('reads it again if the registry lost its upload', async () => {
      const layer = layerOf(randomBytes(20 * MEGABYTE))
      loseSecondChunk()
      await using sink = await open()
      const image = imageOf([await sink.make('/data', read(layer))])
      await sink.finish(image)
      await tagAll(sink)
      // The rest of the first time, to compute the digest, and to send it.
      expect(layer.reads()).to.equal(3)
      const [sent] = manifest('dev').layers
      expect(digestOf(gunzipSync(registry.blobs.get(sent?.digest ?? '') ?? ''))).to.equal(layer.diffId)
    })

    it('ends with the error of a push if the registry refuses it, and with its own if it cannot be read', async () => {
      const broken = new Error('broken')
      {
        await using sink = await open()
        const make = (encode: Encoder): Promise<unknown> => {
          const source = async function* (): AsyncGenerator<Buffer> {
            yield await Promise.resolve(randomBytes(1000))
            throw broken
          }
          return encode(source(), {cleanup: new Cleanup()})
        }
        expect(await thrown(sink.make('/data', make))).to.equal(broken)
      }
      expect([...registry.uploads.keys()]).to.deep.equal([])
      registry.instead = (line, request, response) => {
        if (!line.startsWith('PUT /v2/a/b/blobs')) return false
        request.resume()
        refuse(response, 403, 'DENIED', 'quota exceeded')
        return true
      }
      {
        await using sink = await open()
        const error = await thrown(sink.make('/data', read(layerOf(randomBytes(1000)))))
        expect(error).to.be.instanceOf(FailedError).with.property('code', 'registry-full')
      }
      expect([...registry.uploads.keys()]).to.deep.equal([])
    })
  })

  it('ends with the error of a push, and cancels the other uploads, if the registry refuses a layer', async () => {
    const [one, two] = [layerOf(randomBytes(30 * MEGABYTE)), layerOf(Buffer.from('two'))]
    registry.instead = async (line, request, response) => {
      if (!line.startsWith('PUT /v2/a/b/blobs')) return false
      request.resume()
      await new Promise((resolve) => setTimeout(resolve, 50))
      refuse(response, 403, 'DENIED', 'quota exceeded')
      return true
    }
    let error: unknown
    {
      await using sink = await open()
      error = await thrown(sink.finish(imageOf([one, two])))
    }
    expect(error).to.be.instanceOf(FailedError).with.property('code', 'registry-full')
    expect((error as FailedError).hint).not.to.include('kept in the engine')
    expect([...registry.uploads.keys()]).to.deep.equal([])
    expect([...registry.manifests.keys()]).to.deep.equal([])
  })

  it('leaves nothing if it is stopped before its tag', async () => {
    acceptDeletion()
    const stop = new AbortController()
    {
      await using sink = await open({signal: stop.signal})
      await sink.finish(imageOf([layerOf(Buffer.from('layer'))]))
      expect(registry.manifests.size).to.equal(1)
      stop.abort(new Error('stopped'))
      expect(await thrown(tagAll(sink))).to.have.property('message', 'stopped')
    }
    expect([...registry.manifests.keys()]).to.deep.equal([])
    expect([...registry.uploads.keys()]).to.deep.equal([])
  })

  it('leaves nothing if its tag is refused', async () => {
    acceptDeletion()
    const {instead} = registry
    registry.instead = (line, request, response) => {
      if (line !== 'PUT /v2/a/b/manifests/dev') return instead(line, request, response)
      request.resume()
      refuse(response, 409, 'DENIED', 'the tag is immutable')
      return true
    }
    {
      await using sink = await open()
      await sink.finish(imageOf([layerOf(Buffer.from('layer'))]))
      expect(await thrown(tagAll(sink))).to.have.property('code', 'tag-immutable')
    }
    expect([...registry.manifests.keys()]).to.deep.equal([])
  })

  it('keeps its manifest once it has a tag', async () => {
    acceptDeletion()
    {
      await using sink = await open()
      await sink.finish(imageOf([layerOf(Buffer.from('layer'))]))
      await tagAll(sink)
    }
    expect([...registry.manifests.keys()])
      .to.have.lengthOf(2)
      .and.include('dev')
  })

  it('is not sent if what is read is not what was recorded', async () => {
    const layer = layerOf(randomBytes(1000))
    const changed: Layer = {...layer, uncompressed: () => layerOf(randomBytes(1000)).uncompressed()}
    {
      await using sink = await open()
      expect(await thrown(sink.finish(imageOf([changed])))).to.include({code: 'mount-changed', exitCode: 1})
    }
    expect([...registry.blobs.keys()]).to.deep.equal([])
    expect([...registry.uploads.keys()]).to.deep.equal([])
  })

  async function contentOf({uncompressed}: Layer): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of uncompressed()) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
})
