import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {baseImage, buildImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegOptions, type KegResult} from '../../support/keg.js'
import {manifestOf, type Manifest} from '../../support/registry.js'
import {proxy} from '../registry/misbehaving-registry.js'
import {watchRegistry, type RegistryWatchers, type WatchedRegistry} from '../registry/watched-registry.js'
import {packageOf, waitingContainer, type PackageJson} from './packaging.js'
import {watchEngine, type WatchedEngine} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const login = process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg'
const nowhere = {DOCKER_HOST: 'unix:///nowhere/docker.sock'}
const MEGABYTE = 1024 * 1024
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'

interface ErrorJson {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Go's names for the processors that tests run on. */
const architecture = process.arch === 'x64' ? 'amd64' : process.arch

describe('a package that only the registry has @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  const open: {close(): Promise<void>}[] = []
  /** In the engine, under a name without a registry. */
  let made: PackageJson
  /** The same in the registry, and not in the engine. */
  let repository: string
  let pushed: string

  before(async () => {
    const container = await waitingContainer(
      sandbox,
      ['-v', '/data', baseImage],
      `echo own > /own; rm /bin/ls; head -c ${2 * MEGABYTE} /dev/urandom > /data/random; ln -s random /data/link`,
    )
    made = await packageOf(sandbox, container, ['-m', 'See the login page'])
    repository = `keg/${uniqueName('remote')}`
    pushed = `${openRegistry}/${repository}:one`
    await push(made.reference, pushed)
  })

  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()))
  })

  after(() => sandbox.clean())

  function closing<T extends {close(): Promise<void>}>(resource: T): T {
    open.push(resource)
    return resource
  }

  /** Pushes an image of the engine under another name, which the engine does not keep. */
  async function push(image: string, name: string): Promise<void> {
    await docker(['tag', image, name])
    await docker(['push', '--quiet', name])
    await docker(['rmi', name])
  }

  const watched = async (watchers: RegistryWatchers = {}): Promise<WatchedRegistry> =>
    closing(await watchRegistry(openRegistry, watchers))

  const engineOf = async (): Promise<WatchedEngine> => closing(await watchEngine())

  async function query(command: string, words: readonly string[], options: KegOptions = {}): Promise<KegResult> {
    const run = await keg(['docker', 'package', command, ...words, '--json'], options)
    expect(run.leftovers, 'left in the folder for temporary files').to.deep.equal([])
    return run
  }

  async function answer(
    command: string,
    words: readonly string[],
    options: KegOptions = {},
  ): Promise<Record<string, unknown>> {
    const run = await query(command, words, options)
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    return run.json()
  }

  async function errorOf(command: string, words: readonly string[], code: number, env = {}): Promise<ErrorJson> {
    const run = await query(command, words, {env})
    expect(run.code, run.stdout + run.stderr).to.equal(code)
    return (run.json() as {error: ErrorJson}).error
  }

  /** Puts a manifest into the registry. @returns its digest */
  async function putManifest(tag: string, mediaType: string, content: object): Promise<string> {
    const body = JSON.stringify(content)
    const url = `http://${openRegistry}/v2/${repository}/manifests/${tag}`
    const sent = await fetch(url, {method: 'PUT', headers: {'content-type': mediaType}, body})
    expect(sent.status, await sent.text()).to.equal(201)
    return `sha256:${createHash('sha256').update(body).digest('hex')}`
  }

  async function putBlob(content: Buffer): Promise<string> {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    const begun = await fetch(`http://${openRegistry}/v2/${repository}/blobs/uploads/`, {method: 'POST'})
    const place = new URL(begun.headers.get('location') ?? '')
    place.searchParams.set('digest', digest)
    const headers = {'content-type': 'application/octet-stream'}
    const sent = await fetch(place, {method: 'PUT', headers, body: new Uint8Array(content)})
    expect(sent.status).to.equal(201)
    return digest
  }

  type TypedManifest = Manifest & {readonly mediaType: string}

  /** Of the package, with its digest. */
  async function manifest(): Promise<TypedManifest & {readonly content: object; readonly digest: string}> {
    const {digest, manifest: content} = await manifestOf(openRegistry, repository, 'one')
    return {...(content as TypedManifest), content, digest: digest ?? ''}
  }

  it('is inspected from its manifest and its configuration alone, and is not pulled @containerd', async () => {
    const [registry, engine] = [await watched(), await engineOf()]
    const name = `${registry.registry}/${repository}:one`
    const found = await answer('inspect', [name], {env: {DOCKER_HOST: engine.host}})
    const {config, digest, layers} = await manifest()
    expect(found).to.deep.include({
      reference: name,
      readFrom: 'registry',
      image: config.digest,
      digest,
      layers: layers.length,
      bytes: null,
      compressedBytes: layers.reduce((sum, {size}) => sum + size, 0),
      mountBytes: {},
      message: 'See the login page',
      without: null,
      invalid: [],
    })
    expect(found.mounts).to.have.lengthOf(1)
    expect(registry.lines(/ \/v2\/keg/)).to.deep.equal([
      `GET /v2/${repository}/manifests/one`,
      `GET /v2/${repository}/blobs/${config.digest}`,
    ])
    expect(engine.requests.map(({line}) => line).filter((line) => !line.startsWith('GET '))).to.deep.equal([])
    const text = await keg(['docker', 'package', 'inspect', pushed])
    expect(text.stdout, text.stderr).to.match(/^ {2}Read from +the registry$/m)
    expect(text.stdout).to.match(/^ {2}Size +[\d.]+ MB, compressed, in 3 layers$/m)
  })

  it('is verified layer by layer, each of which is read once', async () => {
    const [registry, engine] = [await watched(), await engineOf()]
    const name = `${registry.registry}/${repository}:one`
    const found = await answer('verify', [name], {env: {DOCKER_HOST: engine.host}})
    const ofEngine = await answer('verify', [made.reference])
    const {config, digest, layers} = await manifest()
    expect(ofEngine).to.include({readFrom: 'engine'})
    expect(found).to.deep.equal({...ofEngine, reference: name, readFrom: 'registry', image: config.digest, digest})
    const reads = registry.lines(/\/blobs\//).map((line) => line.replace(/^.*\//, ''))
    expect(reads.sort()).to.deep.equal([config.digest, ...layers.map((layer) => layer.digest)].sort())
    expect(engine.requests.map(({line}) => line).filter((line) => !line.startsWith('GET '))).to.deep.equal([])
  })

  it('needs no engine @containerd', async () => {
    const {digest} = await manifest()
    for (const command of ['inspect', 'verify']) {
      const name = `${pushed}@${digest}`
      expect(await answer(command, [name], {env: nowhere})).to.deep.include({readFrom: 'registry', digest})
      const run = await keg(['docker', 'package', command, name], {env: nowhere})
      expect(run.code, run.stderr).to.equal(0)
      expect(run.stderr).to.match(/^Cannot connect to the Docker engine at .* Reading \S+ from its registry\.$/m)
    }
    // A name without a registry can only be that of an image in an engine.
    expect(await errorOf('inspect', [made.reference], 4, nowhere)).to.have.property('code', 'engine-unreachable')
    expect(await errorOf('verify', [pushed, '--pull', 'missing'], 4, nowhere)).to.have.property(
      'code',
      'engine-unreachable',
    )
  })

  it('is read from the registry with --remote, though the engine has another image of that name', async () => {
    const registry = await watched()
    const name = sandbox.addImage(`${registry.registry}/${repository}:one`)
    await docker(['tag', baseImage, name])
    expect(await errorOf('verify', [name], 1)).to.have.property('code', 'not-a-package')
    await docker(['rmi', name])
    await docker(['tag', made.reference, name])
    expect(await answer('inspect', [name])).to.include({readFrom: 'engine', image: made.image})
    expect(registry.lines(), 'the registry is not asked for what the engine has').to.deep.equal([])
    expect(await answer('inspect', [name, '--remote'])).to.include({readFrom: 'registry'})
    expect(await answer('verify', [name, '--remote'])).to.include({readFrom: 'registry', differenceCount: 0})
    expect((await query('verify', [name, '--remote', '--pull', 'always'])).code).to.equal(2)
  })

  it('is pulled only if --pull says so', async () => {
    const registry = await watched()
    const name = sandbox.addImage(`${registry.registry}/${repository}:one`)
    expect(await errorOf('inspect', [name, '--pull', 'never'], 1)).to.have.property('code', 'image-missing')
    expect(registry.lines()).to.deep.equal([])
    expect(await answer('inspect', [name, '--pull', 'missing'])).to.include({readFrom: 'engine'})
    expect(await docker(['image', 'inspect', '--format', '{{.Id}}', name])).to.match(/^sha256:/)
  })

  it('is read with the login of docker, and says how to log in @containerd', async () => {
    const name = `${privateRegistry}/${repository}:one`
    const folder = await sandbox.temporaryFolder('docker-config')
    const withAuth = async (name: string, text: string): Promise<KegOptions['env']> => {
      const place = join(folder, name)
      await mkdir(place)
      const auth = Buffer.from(text).toString('base64')
      await writeFile(join(place, 'config.json'), JSON.stringify({auths: {[privateRegistry]: {auth}}}))
      return {DOCKER_CONFIG: place}
    }
    const signedIn = await withAuth('right', login)
    await docker(['tag', made.reference, name])
    await docker(['push', '--quiet', name], {environment: {DOCKER_CONFIG: signedIn?.DOCKER_CONFIG ?? ''}})
    await docker(['rmi', name])
    for (const env of [signedIn, {...signedIn, ...nowhere}])
      expect(await answer('verify', [name], {env})).to.deep.include({readFrom: 'registry', differenceCount: 0})
    for (const env of [{}, await withAuth('other', 'keg:wr0ng-secret')]) {
      const {code, hint, message} = await errorOf('inspect', [name], 1, env)
      expect(code).to.equal('registry-unauthorized')
      expect(hint).to.include(`docker login ${privateRegistry}`)
      expect(message).not.to.include('wr0ng')
    }
  })

  it('is an error if there is none, or it is no package, or one of a newer keg @classic', async () => {
    const other = `${openRegistry}/${repository}`
    expect(await errorOf('inspect', [`${other}:none`], 1, nowhere)).to.have.property('code', 'image-not-found')
    expect(await errorOf('verify', [`${other}none:one`], 1, nowhere)).to.have.property('code', 'image-not-found')
    const unknown = `${other}@sha256:${'0'.repeat(64)}`
    expect(await errorOf('verify', [unknown], 1, nowhere)).to.have.property('code', 'image-not-found')
    expect(await errorOf('inspect', ['127.0.0.1:1/shop:one'], 1, nowhere)).to.have.property(
      'code',
      'registry-unreachable',
    )
    await push(baseImage, `${other}:base`)
    const none = await errorOf('inspect', [`${other}:base`], 1, nowhere)
    expect(none).to.deep.include({code: 'not-a-package'})
    expect(none.message).to.match(/^What the registry has as \S+:base is not a package of keg/)
    const newer = sandbox.addImage(uniqueName('newer'))
    await buildImage(['--tag', newer, '-'], `FROM ${made.reference}\nLABEL com.keg.package.schema="2\\u001b[31m"\n`)
    await push(newer, `${other}:newer`)
    const {code, message} = await errorOf('verify', [`${other}:newer`], 1, nowhere)
    expect(code).to.equal('package-schema-unknown')
    expect(message).to.match(/^[ -~]+$/)
  })

  it('is not taken for a package if it is a signature, a chart, or anything else with a manifest @containerd', async () => {
    const empty = {mediaType: 'application/vnd.oci.empty.v1+json', size: 2, digest: await putBlob(Buffer.from('{}'))}
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    await putManifest('artifact', mediaType, {schemaVersion: 2, mediaType, config: empty, layers: [empty]})
    const {code} = await errorOf('inspect', [`${openRegistry}/${repository}:artifact`], 1, nowhere)
    expect(code).to.equal('not-a-package')
  })

  it('is the image for the platform of the engine, or of this machine, if there are several @containerd', async () => {
    const {config, digest, mediaType} = await manifest()
    const size = (await fetch(`http://${openRegistry}/v2/${repository}/blobs/${config.digest}`, {method: 'HEAD'}))
      .headers
    expect(Number(size.get('content-length'))).to.be.greaterThan(0)
    const bytes = await (
      await fetch(`http://${openRegistry}/v2/${repository}/manifests/${digest}`, {headers: {accept: mediaType}})
    ).arrayBuffer()
    const entry = (platform?: object) => ({mediaType, digest, size: bytes.byteLength, ...(platform && {platform})})
    const indexOf = (...manifests: object[]) => ({schemaVersion: 2, mediaType: OCI_INDEX, manifests})
    const attestation = entry({os: 'unknown', architecture: 'unknown'})
    const foreign = entry({os: 'linux', architecture: 's390x\u001b[2J'})
    const index = await putManifest(
      'index',
      OCI_INDEX,
      indexOf(attestation, foreign, entry({os: 'linux', architecture})),
    )
    for (const env of [{}, nowhere])
      expect(await answer('verify', [`${openRegistry}/${repository}:index`], {env})).to.deep.include({
        digest: index,
        image: config.digest,
        differenceCount: 0,
      })
    await putManifest('other', OCI_INDEX, indexOf(attestation, foreign))
    const {code, message} = await errorOf('inspect', [`${openRegistry}/${repository}:other`], 1, nowhere)
    expect(code).to.equal('image-platform-missing')
    expect(message).to.match(/there is linux\/s390x\?\[2J\)$/)
    expect(message).to.match(/^[ -~]+$/)
  })

  it('is read on where a connection breaks @classic', async () => {
    const broken = closing(await proxy({registry: openRegistry, cut: {bytes: MEGABYTE, direction: 'down', times: 2}}))
    const found = await answer('verify', [`${broken.registry}/${repository}:one`], {env: nowhere})
    expect(found).to.deep.include({differenceCount: 0})
    expect(broken.cuts()).to.equal(2)
  })

  it('lists what was put on top of it @containerd', async () => {
    const derived = await sandbox.imageFromFiles(uniqueName('derived'), [{path: 'data/added', content: 'new'}], {
      from: made.reference,
    })
    await push(derived, `${openRegistry}/${repository}:derived`)
    const run = await query('verify', [`${openRegistry}/${repository}:derived`], {env: nowhere})
    expect(run.code, run.stdout).to.equal(3)
    const {error} = run.json() as {error: {code: string; data: {differences: {what: string; path: string | null}[]}}}
    expect(error.code).to.equal('verification-failed')
    expect(error.data.differences.map(({path, what}) => `${what} ${path ?? ''}`)).to.include('added /data/added')
  })

  it('is refused if the registry, or somebody on the way, sends something else @classic', async () => {
    const {config, layers} = await manifest()
    const longer = (body: Buffer): Buffer => Buffer.concat([body, Buffer.from(' ')])
    const flipped = (body: Buffer): Buffer => body.fill(~(body[100] ?? 0), 100, 101)
    for (const [what, alter, command] of [
      [`blobs/${layers.at(-1)?.digest ?? ''}`, flipped, 'verify'],
      [`blobs/${layers[0]?.digest ?? ''}`, longer, 'verify'],
      [`blobs/${config.digest}`, flipped, 'inspect'],
      [`blobs/${config.digest}`, longer, 'inspect'],
      ['manifests/one', longer, 'inspect'],
    ] as const) {
      const registry = await watched({altered: ({line}) => (line.endsWith(what) ? alter : undefined)})
      const name = `${registry.registry}/${repository}:one`
      const {code, message} = await errorOf(command, [name], 3, nowhere)
      expect(code, what).to.equal('registry-damaged')
      expect(message).to.include(`${name} is damaged in the registry`)
    }
  })

  it('is refused if its manifest and its configuration contradict each other, or have no end @classic', async () => {
    const {config, content, layers, mediaType} = await manifest()
    const put = (tag: string, changed: object) => putManifest(tag, mediaType, {...content, ...changed})
    await put('fewer', {layers: layers.slice(1)})
    const fewer = await errorOf('inspect', [`${openRegistry}/${repository}:fewer`], 3, nowhere)
    expect(fewer).to.have.property('code', 'registry-damaged')
    expect(fewer.message).to.include('the manifest has 2 layers, and the configuration 3')
    await put('endless', {config: {...config, size: 9_000_000}})
    const endless = await errorOf('inspect', [`${openRegistry}/${repository}:endless`], 1, nowhere)
    expect(endless).to.have.property('code', 'not-a-registry')
    const padded = await watched({
      altered: ({line}) =>
        line.includes('/manifests/') ? (body) => Buffer.concat([body, Buffer.alloc(9_000_000, ' ')]) : undefined,
    })
    expect(await errorOf('inspect', [`${padded.registry}/${repository}:one`], 1, nowhere)).to.have.property(
      'code',
      'not-a-registry',
    )
  })

  it('cannot be verified if a mount is compressed with zstd @containerd', async () => {
    const {content, layers, mediaType} = await manifest()
    // keg does not read further than the first bytes.
    const frame = Buffer.from('28b52ffd0000000000', 'hex')
    const layer = {...layers.at(-1), size: frame.length, digest: await putBlob(frame)}
    await putManifest('zstd', mediaType, {...content, layers: [...layers.slice(0, -1), layer]})
    const {code, message} = await errorOf('verify', [`${openRegistry}/${repository}:zstd`], 1, nowhere)
    expect(code).to.equal('zstd-unreadable')
    expect(message).to.include('compressed with zstd')
  })

  it('leaves nothing if Ctrl-C ends it while a layer is read @classic', async () => {
    const {layers} = await manifest()
    let arrived = (): void => undefined
    const reading = new Promise<void>((resolve) => (arrived = resolve))
    const registry = await watched({
      arriving: ({line}) => {
        if (!line.endsWith(layers.at(-1)?.digest ?? '')) return undefined
        arrived()
        return new Promise(() => undefined)
      },
    })
    const run = await startKeg(['docker', 'package', 'verify', `${registry.registry}/${repository}:one`], {
      env: nowhere,
    })
    await reading
    run.kill('SIGINT')
    const {code, leftovers, stderr} = await run.ended
    expect(code, stderr).to.equal(130)
    expect(leftovers).to.deep.equal([])
  })
})
