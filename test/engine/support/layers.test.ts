import {createHash} from 'node:crypto'
import {gzipSync} from 'node:zlib'

import {expect} from 'chai'

import {Sandbox, testLabel, uniqueName} from '../../support/docker.js'
import {imageLayers, readSavedImage} from '../../support/layers.js'
import type {FileEntry} from '../../support/tar.js'
import {writeTar} from '../../support/tar.js'

function digest(data: Buffer | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`
}

async function* stream(data: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < data.length; start += 1000)
    yield await Promise.resolve(data.subarray(start, start + 1000))
}

const lower = writeTar([
  {path: 'srv/', type: 'directory'},
  {path: 'srv/file', content: 'x'.repeat(3000)},
])
const upper = writeTar([{path: 'srv/.wh..wh..opq'}, {path: 'srv/.wh.old'}, {path: './srv/new', content: 'new'}])

function configurationOf(...layers: Buffer[]): string {
  return JSON.stringify({
    architecture: 'amd64',
    config: {Env: ['A=1']},
    os: 'linux',
    rootfs: {diff_ids: layers.map(digest), type: 'layers'},
  })
}

function blob(content: Buffer | string): FileEntry {
  return {content, path: `blobs/${digest(content).replace(':', '/')}`}
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => String(error),
  )
}

describe('the layers of an image @containerd', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()

  after(() => sandbox.clean())

  it('are read from the engine, with the configuration', async () => {
    const reference = await sandbox.imageFromFiles(
      uniqueName('layers'),
      [
        {path: '/app/', type: 'directory', mode: 0o700, uid: 7},
        {
          path: '/app/naïve',
          content: 'one',
          xattrs: {'security.capability': Buffer.from(`0100000200200000${'0'.repeat(24)}`, 'hex')},
        },
      ],
      {
        instructions: [
          'ENV NAME=value',
          'LABEL other=label',
          'USER 7:8',
          'WORKDIR /app',
          'EXPOSE 8080',
          'STOPSIGNAL SIGINT',
          'HEALTHCHECK CMD ["/check"]',
          'VOLUME ["/app/data", "/srv"]',
          'ENTRYPOINT ["/entry"]',
          'CMD ["argument"]',
        ],
        upperLayers: [[{path: '/app/naïve', content: 'two', mtime: 1_650_000_000}]],
      },
    )
    const {configuration, layers} = await imageLayers(reference)
    expect(configuration.config).to.deep.include({
      Cmd: ['argument'],
      Entrypoint: ['/entry'],
      ExposedPorts: {'8080/tcp': {}},
      Labels: {[testLabel]: sandbox.id, other: 'label'},
      StopSignal: 'SIGINT',
      User: '7:8',
      Volumes: {'/app/data': {}, '/srv': {}},
      WorkingDir: '/app',
    })
    expect(configuration.config.Env).to.include('NAME=value')
    expect(configuration.config.Healthcheck?.Test).to.deep.equal(['CMD', '/check'])

    const name = Buffer.from('/app/naïve').toString('latin1')
    const found = layers.flatMap((layer) => layer.entries.filter((entry) => entry.path === name))
    expect(found.map((entry) => `sha256:${entry.sha256}`)).to.deep.equal([digest('one'), digest('two')])
    expect(found.map((entry) => Object.keys(entry.xattrs))).to.deep.equal([['security.capability'], []])
    expect(found[1]).to.include({mtime: 1_650_000_000, size: 3})
    const [folder] = layers.flatMap((layer) => layer.entries.filter((entry) => entry.path === '/app'))
    expect(folder).to.include({mode: 0o700, type: 'directory', uid: 7})
  })

  it('have their whiteouts as the engine writes them', async () => {
    const first = await sandbox.imageFromFiles(uniqueName('first'), [{path: '/app/old'}, {path: '/app/kept'}])
    const busybox = await sandbox.imageFromFiles(uniqueName('whiteout'), [{path: '/app/old', content: sandbox.id}], {
      from: process.env.KEG_TEST_IMAGE ?? 'busybox:local',
      instructions: ['RUN rm /app/old'],
    })
    const paths = async (reference: string) =>
      (await imageLayers(reference)).layers.map((layer) => layer.entries.map((entry) => entry.path))
    expect((await paths(first)).flat()).to.not.include('/app/.wh.old')
    expect((await paths(busybox)).at(-1)).to.include('/app/.wh.old')
  })

  it('are read from a docker-archive, in which a layer can be a link to another', async () => {
    const archive = writeTar([
      {path: 'aaa/', type: 'directory'},
      {path: 'aaa/VERSION', content: '1.0'},
      {path: 'aaa/layer.tar', content: lower},
      {path: 'bbb/layer.tar', content: upper},
      {path: 'ccc/layer.tar', link: '../aaa/layer.tar', type: 'symlink'},
      {path: 'config.json', content: configurationOf(lower, upper, lower)},
      {
        path: 'manifest.json',
        content: JSON.stringify([
          {Config: 'config.json', Layers: ['aaa/layer.tar', 'bbb/layer.tar', 'ccc/layer.tar'], RepoTags: null},
        ]),
      },
    ])
    const {layers} = await readSavedImage(stream(archive))
    expect(layers.map((layer) => layer.entries.map((entry) => entry.path))).to.deep.equal([
      ['/srv', '/srv/file'],
      ['/srv/.wh..wh..opq', '/srv/.wh.old', '/srv/new'],
      ['/srv', '/srv/file'],
    ])
    expect(layers.map((layer) => layer.compression)).to.deep.equal(['none', 'none', 'none'])
  })

  it('are read from an OCI layout with gzip layers and attestations', async () => {
    const [configuration, zipped] = [configurationOf(lower, upper), gzipSync(lower)]
    const manifest = JSON.stringify({
      config: {digest: digest(configuration)},
      layers: [{digest: digest(zipped)}, {digest: digest(upper)}],
    })
    const attestation = JSON.stringify({config: {digest: digest('{}')}, layers: []})
    const index = JSON.stringify({
      manifests: [
        {digest: digest(manifest), platform: {architecture: 'amd64', os: 'linux'}},
        {digest: digest(attestation), platform: {architecture: 'unknown', os: 'unknown'}},
      ],
    })
    const archive = writeTar([
      ...[configuration, zipped, upper, manifest, attestation, index].map(blob),
      {path: 'index.json', content: JSON.stringify({manifests: [{digest: digest(index)}]})},
      {path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}'},
    ])
    const image = await readSavedImage(stream(archive))
    expect(image.configuration.config.Env).to.deep.equal(['A=1'])
    expect(image.layers.map((layer) => [layer.compression, layer.entries.length])).to.deep.equal([
      ['gzip', 2],
      ['none', 3],
    ])
    expect(image.layers.map((layer) => layer.diffId)).to.deep.equal([digest(lower), digest(upper)])
  })

  it('are refused if they do not match the configuration', async () => {
    const archive = writeTar([
      {path: 'aaa/layer.tar', content: upper},
      {path: 'config.json', content: configurationOf(lower)},
      {path: 'manifest.json', content: JSON.stringify([{Config: 'config.json', Layers: ['aaa/layer.tar']}])},
    ])
    expect(await failureOf(readSavedImage(stream(archive)))).to.match(
      /the layers are sha256:.*, the configuration says/,
    )
  })

  it('are refused if one is missing or damaged', async () => {
    const manifest = JSON.stringify([{Config: 'config.json', Layers: ['aaa/layer.tar']}])
    const rest = [
      {path: 'config.json', content: configurationOf(lower)},
      {path: 'manifest.json', content: manifest},
    ]
    expect(await failureOf(readSavedImage(stream(writeTar(rest))))).to.match(/did not give aaa\/layer\.tar/)
    const damaged = {path: 'aaa/layer.tar', content: lower.subarray(0, 1000)}
    expect(await failureOf(readSavedImage(stream(writeTar([damaged, ...rest]))))).to.match(/cut off/)
  })
})
