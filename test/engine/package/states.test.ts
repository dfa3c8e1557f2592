import {expect} from 'chai'

import {baseImage, docker, dockerStream, Sandbox, uniqueName} from '../../support/docker.js'
import {imageLayers} from '../../support/layers.js'
import {readTar} from '../../support/tar.js'
import {expectSameContainer, expectSameFiles, inspected, packageOf, pathsBelow, waitingContainer} from './packaging.js'

const state = '{{.State.Status}} {{.State.StartedAt}} {{.State.Pid}}'

/** The engine's events of one container from a time on: `ACTION NANOSECONDS`. */
async function eventsOf(container: string, since: number): Promise<string[]> {
  const window = ['--since', (since / 1000).toFixed(3), '--until', (Date.now() / 1000).toFixed(3)]
  const format = ['--format', '{{.Action}} {{.TimeNano}}']
  const events = await docker(['events', ...window, '--filter', `container=${container}`, ...format])
  return events.split('\n').filter((line) => line !== '')
}

describe('keg docker package: states of a container @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })

  afterEach(() => sandbox.clean())

  it('pauses a running one once, and says for how long', async () => {
    const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo content > /data/file')
    const before = await inspected(container, state)
    const since = Date.now()
    const {pausedMilliseconds, reference} = await packageOf(sandbox, container)
    expect(await inspected(container, state)).to.equal(before)
    const events = await eventsOf(container, since)
    const pauses = events.map((line) => line.split(' ')).filter(([action]) => /pause$/.test(action ?? ''))
    expect(pauses.map(([action]) => action)).to.deep.equal(['pause', 'unpause'])
    const [pausedAt = 0, unpausedAt = 0] = pauses.map(([, time]) => Number(time) / 1e6)
    expect(pausedMilliseconds).to.be.greaterThan(0)
    expect(pausedMilliseconds).to.be.closeTo(unpausedAt - pausedAt, 500)
    await expectSameFiles(container, reference)
  })

  it('leaves one paused that its user had paused @classic', async () => {
    const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo content > /data/file')
    await docker(['pause', container])
    const before = await inspected(container, state)
    const since = Date.now()
    const {pausedMilliseconds, reference} = await packageOf(sandbox, container)
    expect(await inspected(container, state)).to.equal(before)
    expect(before).to.match(/^paused /)
    expect((await eventsOf(container, since)).filter((event) => event.includes('pause'))).to.deep.equal([])
    expect(pausedMilliseconds).to.equal(0)
    await expectSameFiles(container, reference)
  })

  it('packages a stopped one, and leaves it stopped', async () => {
    const container = await waitingContainer(
      sandbox,
      ['-v', '/data', '-v', `${await sandbox.volume()}:/named`, baseImage],
      'echo content > /data/file; echo content > /named/file; echo own > /own',
    )
    await docker(['kill', container])
    const {pausedMilliseconds, reference} = await packageOf(sandbox, container)
    expect(await inspected(container, '{{.State.Status}}')).to.equal('exited')
    expect(pausedMilliseconds).to.equal(0)
    const files = await expectSameFiles(container, reference)
    expect([...files.keys()]).to.include.members(['/data/file', '/named/file', '/own'])
  })

  it('packages one that was never started @classic', async () => {
    const volume = await sandbox.volume()
    await waitingContainer(sandbox, ['-v', `${volume}:/named`, baseImage], 'echo content > /named/file')
    const image = await sandbox.imageFromFiles(
      uniqueName('created'),
      [
        {path: '/srv', type: 'directory', mode: 0o710, uid: 4},
        {path: '/srv/data/file', content: 'of the image'},
      ],
      {from: baseImage, instructions: ['VOLUME /srv/data']},
    )
    const container = await sandbox.create(['-v', `${volume}:/srv/named`, image, 'sh'])
    const {reference} = await packageOf(sandbox, container)
    expect(await inspected(container, '{{.State.Status}}')).to.equal('created')
    const files = await expectSameFiles(container, reference)
    expect(pathsBelow(files, '/srv')).to.include.members(['/srv/data/file', '/srv/named/file'])
  })

  it('adds no layer if nothing was changed', async () => {
    const container = await sandbox.create([baseImage, 'sh'])
    const {entries, layers, mounts, reference} = await packageOf(sandbox, container)
    expect({entries, mounts}).to.deep.equal({entries: 0, mounts: []})
    const [base, packaged] = [await imageLayers(baseImage), await imageLayers(reference)]
    expect(packaged.configuration.rootfs.diff_ids).to.deep.equal(base.configuration.rootfs.diff_ids)
    expect(layers).to.equal(base.layers.length)
    await expectSameFiles(container, reference)
  })

  it('needs neither a shell nor tar in the image @containerd', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('single-program'),
      [
        {path: '/busybox', content: await programOf(baseImage), mode: 0o755},
        {path: '/data/of the image', content: 'of the image'},
      ],
      {instructions: ['VOLUME /data', 'CMD ["/busybox", "sleep", "3600"]']},
    )
    const container = await sandbox.run([image])
    await docker(['exec', container, '/busybox', 'touch', '/data/new', '/own'])
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    const own = [...files.keys()].filter((path) => !/^\/(?:dev|etc|proc|sys)/.test(path))
    expect(own.sort()).to.deep.equal(['/busybox', '/data', '/data/new', '/data/of the image', '/own'])
    await expectSameContainer(container, reference)
    const again = await sandbox.run([reference])
    expect(await docker(['exec', again, '/busybox', 'ls', '/data'])).to.equal('new\nof the image')
  })
})

/** The static busybox of the image that tests are based on. */
async function programOf(image: string): Promise<Buffer> {
  const sandbox = new Sandbox()
  try {
    const container = await sandbox.create([image, 'sh'])
    for await (const member of readTar(dockerStream(['cp', '--follow-link', `${container}:/bin/busybox`, '-'])))
      if (member.type === 'file') return await wholeOf(member.body)
    throw new Error(`${image} has no /bin/busybox`)
  } finally {
    await sandbox.clean()
  }
}

async function wholeOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
