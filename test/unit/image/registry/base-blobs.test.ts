import {expect} from 'chai'
import type {ImageDetails} from '../../../../src/lib/engine/types.js'
import {findBaseBlobs} from '../../../../src/lib/image/registry/base-blobs.js'
import {thrown} from '../../../support/thrown.js'
import {digestOf, MemoryRegistry, refuse} from '../../registry/client/memory-registry.js'

const [one, two] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`]
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
const blobs = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`]

describe('the blobs of a base image', () => {
  let registry: MemoryRegistry

  beforeEach(async () => {
    registry = await MemoryRegistry.start()
  })

  afterEach(() => registry.stop())

  function put(content: object, type = 'application/vnd.oci.image.manifest.v1+json'): string {
    const bytes = Buffer.from(JSON.stringify(content))
    registry.manifests.set(digestOf(bytes), {type, bytes})
    return digestOf(bytes)
  }

  function image(diffIds: readonly string[], types = [LAYER, LAYER]): string {
    const config = Buffer.from(JSON.stringify({rootfs: {type: 'layers', diff_ids: diffIds}}))
    registry.blobs.set(digestOf(config), config)
    const layers = blobs.map((digest, index) => ({mediaType: types[index] ?? LAYER, digest, size: index + 1}))
    return put({schemaVersion: 2, config: {digest: digestOf(config)}, layers})
  }

  function find(digests: readonly string[], more: {environment?: NodeJS.ProcessEnv; signal?: AbortSignal} = {}) {
    const details: ImageDetails = {
      Id: one,
      RepoDigests: digests.map((digest) => (digest.includes('@') ? digest : `${registry.registry}/a/b@${digest}`)),
      Architecture: 'arm64',
      Os: 'linux',
      Size: 0,
      Config: {},
      RootFS: {Type: 'layers', Layers: [one, two]},
    }
    const {environment = {HOME: '/nowhere'}, signal = new AbortController().signal} = more
    return findBaseBlobs({environment, signal}, {image: details, info: {}, registry: registry.registry})
  }

  const place = (): object => ({registry: registry.registry, repository: 'a/b'})

  it('are those of the manifest that the engine names, if it has the same layers', async () => {
    const found = await find([image([one, two])])
    expect([...found]).to.deep.equal([
      [one, {mediaType: LAYER, digest: blobs[0], size: 1, repositories: [place()]}],
      [two, {mediaType: LAYER, digest: blobs[1], size: 2, repositories: [place()]}],
    ])
    expect((await find([image([two, one])])).size, 'other layers').to.equal(0)
    expect((await find([image([one])])).size, 'fewer layers').to.equal(0)
  })

  it('are those for the platform of the image, of several', async () => {
    const platforms = [
      {os: 'linux', architecture: 'amd64', digest: image([two, one])},
      {os: 'linux', architecture: 'arm64', digest: image([two, one], [LAYER])},
      {os: 'linux', architecture: 'arm64', digest: image([one, two])},
    ]
    const manifests = platforms.map(({digest, ...platform}) => ({digest, platform}))
    const index = put({schemaVersion: 2, manifests}, 'application/vnd.oci.image.index.v1+json')
    expect([...(await find([index])).keys()]).to.deep.equal([one, two])
  })

  it('leave out layers that other servers have', async () => {
    expect([...(await find([image([one, two], [FOREIGN, LAYER])])).keys()]).to.deep.equal([two])
  })

  it('are none if the registry does not say, or another registry has the image', async () => {
    expect((await find([])).size).to.equal(0)
    expect((await find([one])).size, 'gone there').to.equal(0)
    expect((await find([`127.0.0.1:1/a/b@${image([one, two])}`, 'no name@', 'a/b:x'])).size).to.equal(0)
    expect(registry.lines).to.deep.equal([`GET /v2/a/b/manifests/${one}`])
    registry.instead = (_, request, response) => {
      request.resume()
      refuse(response, 500, 'UNKNOWN')
      return true
    }
    expect((await find([image([one, two])])).size).to.equal(0)
  })

  it('are not looked for after a signal', async () => {
    const signal = AbortSignal.abort(new Error('stopped'))
    expect(await thrown(find([image([one, two])], {signal}))).to.have.property('message', 'stopped')
  })
})
