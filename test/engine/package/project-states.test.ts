import {expect} from 'chai'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {buffer} from 'node:stream/consumers'
import {baseImage, docker, dockerStream, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {readTar, writeTar} from '../../support/tar.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

interface Service {
  readonly service: string
  readonly pausedMilliseconds: number
}

describe('services of a compose project that are not just running @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  const project = uniqueName('states')
  let file: string
  let pinned: string

  before(async () => {
    const folder = await sandbox.temporaryFolder('states')
    file = join(folder, 'compose.yaml')
    const foreign = await imageFor('linux/arm64')
    const service = {
      image: baseImage,
      pull_policy: 'never',
      command: ['sleep', '600'],
      init: true,
      stop_grace_period: '1s',
    }
    const model = {
      name: project,
      services: {
        app: {
          ...service,
          ...{cap_drop: ['NET_RAW'], read_only: true, shm_size: '32m', tmpfs: ['/scratch'], ulimits: {nproc: 500}},
          ports: ['127.0.0.1::8080', '127.0.0.1::9090/udp'],
          volumes: ['own:/own', '/nameless'],
        },
        // Another platform than the engine's: only its image says so.
        foreign: {...service, image: foreign, platform: 'linux/arm64', restart: 'unless-stopped'},
        side: {...service, network_mode: 'service:app'},
        sick: {...service, healthcheck: {test: ['CMD', 'false'], interval: '200ms', retries: 1}, networks: ['inner']},
        stopped: {...service, command: ['sh', '-c', 'echo kept >/kept; exec sleep 600']},
      },
      networks: {inner: {internal: true}},
      volumes: {own: {}},
    }
    await writeFile(file, JSON.stringify(model))
    await compose('up', '--detach')
    await docker(['exec', `${project}-app-1`, 'sh', '-c', 'echo of-app >/own/file; echo nameless >/nameless/file'])
    await compose('stop', 'stopped')
  })

  after(async () => {
    await compose('down', '--timeout', '0', '--volumes')
    await sandbox.clean()
  })

  function compose(...words: string[]): Promise<string> {
    return docker(['compose', '--file', file, ...words])
  }

  /** The base image, as if it were for another platform. */
  async function imageFor(platform: string): Promise<string> {
    const name = sandbox.addImage(uniqueName('foreign'))
    const container = await sandbox.create([baseImage, 'true'])
    const parts: Buffer[] = []
    for await (const part of dockerStream(['export', container])) parts.push(part)
    const [os, architecture] = platform.split('/')
    await docker(['import', '--platform', platform, '-', name], {input: Buffer.concat(parts)})
    // Engine 20.10 ignores the flag, but believes the configuration in an archive.
    if ((await docker(['image', 'inspect', '--format', '{{.Architecture}}', name])) !== architecture)
      await docker(['load'], {input: await archiveFor({os, architecture}, name)})
    return name
  }

  /** An archive of the base image with another platform in its configuration. */
  async function archiveFor(platform: object, name: string): Promise<Buffer> {
    const files = new Map<string, Buffer>()
    for await (const {body, name: path} of readTar(dockerStream(['save', baseImage])))
      files.set(path, await buffer(body))
    const [image] = JSON.parse(String(files.get('manifest.json'))) as [{Config: string; Layers: readonly string[]}]
    const config = JSON.stringify({...(JSON.parse(String(files.get(image.Config))) as object), ...platform})
    const manifest = JSON.stringify([{...image, Config: 'config.json', RepoTags: [`${name}:latest`]}])
    return writeTar([
      ...image.Layers.map((path) => ({path, content: files.get(path) ?? ''})),
      {path: 'config.json', content: config},
      {path: 'manifest.json', content: manifest},
    ])
  }

  const review = (...words: string[]): Promise<KegResult> =>
    keg(['docker', 'package', 'run', pinned, '--name', `${project}-review`, '--detach', ...words])

  it('are packaged as they are', async () => {
    const run = await keg([
      'docker',
      'package',
      '--project',
      project,
      '-t',
      'one',
      '--registry',
      openRegistry,
      '--json',
    ])
    expect(run.code, run.stderr).to.equal(0)
    const result = run.json() as unknown as {readonly pinned: string; readonly services: readonly Service[]}
    pinned = result.pinned
    const paused = result.services.filter(({pausedMilliseconds}) => pausedMilliseconds > 0)
    expect(paused.map(({service}) => service)).to.deep.equal(['app', 'foreign', 'sick', 'side'])
  })

  it('are not started if one is unhealthy, and nothing is left', async () => {
    const run = await review('--wait', '2s', '--json')
    expect(run.json().error).to.include({code: 'not-ready', exitCode: 1})
    const filter = ['--filter', `label=com.docker.compose.project=${project}-review`]
    expect(await docker(['ps', '--all', '--quiet', ...filter])).to.equal('')
    expect(await docker(['volume', 'ls', '--quiet', ...filter])).to.equal('')
  })

  it('are all started without waiting, with their settings, volumes, networks and platforms', async () => {
    const run = await review('--wait', '0')
    expect(run.code, run.stderr).to.equal(0)
    const of = (service: string): string => `${project}-review-${service}-1`
    const inspect = async (service: string, format: string): Promise<string> =>
      docker(['inspect', '--format', format, of(service)])
    const inApp = (script: string): Promise<string> => docker(['exec', of('app'), 'sh', '-c', script])
    try {
      expect(await inApp('cat /own/file /nameless/file; touch /own/new && touch /scratch/new')).to.equal(
        'of-app\nnameless',
      )
      expect(await inApp('touch /new 2>&1 || echo refused')).to.match(/refused$/)
      const {HostConfig} = JSON.parse(await inspect('app', '{{json .}}')) as {HostConfig: Record<string, unknown>}
      expect(String(HostConfig.CapDrop)).to.match(/^(?:CAP_)?NET_RAW$/)
      expect(HostConfig).to.deep.include({
        Init: true,
        ReadonlyRootfs: true,
        ShmSize: 32 * 1024 ** 2,
      })
      expect(Object.keys(HostConfig.PortBindings as object).sort()).to.deep.equal(['8080/tcp', '9090/udp'])
      const app = await inspect('app', '{{.Id}}')
      expect(await inspect('side', '{{.HostConfig.NetworkMode}}')).to.equal(`container:${app}`)
      expect(await inspect('foreign', '{{.HostConfig.RestartPolicy.Name}}')).to.equal('unless-stopped')
      expect(
        await docker(['image', 'inspect', '--format', '{{.Architecture}}', await inspect('foreign', '{{.Image}}')]),
      ).to.equal('arm64')
      expect(await docker(['network', 'inspect', '--format', '{{.Internal}}', `${project}-review_inner`])).to.equal(
        'true',
      )
      expect(await docker(['exec', of('stopped'), 'cat', '/kept'])).to.equal('kept')
    } finally {
      await keg(['docker', 'package', 'stop', `${project}-review`])
    }
  })
})
