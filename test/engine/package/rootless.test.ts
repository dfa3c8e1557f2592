import {expect} from 'chai'
import {access, chmod, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import {startRootlessEngine, rootlessEngineObstacle} from '../../../scripts/setup/rootless-engine.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {expectRightOwners} from '../sync/owners-inside.js'
import {OtherEngine, seenInside} from './other-engine.js'
import {inContainer, inspected, packageOf, waitingContainer} from './packaging.js'

const registry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

const folders = ['/bin', '/data', '/own', '/srv']

const files = `
  mkdir /own
  echo own >/own/file; chown 5:7 /own/file; chmod 6755 /own/file; chown 33:44 /own /srv
  echo nested >/srv/app/data/file; chown 77:0 /srv/app/data/file; chown 12:13 /srv/app/data
  echo bound >/srv/bound/file; chown 0:88 /srv/bound/file
  echo content >/data/file; chown 5:7 /data/file; chmod 4750 /data/file; ln /data/file /data/same
  ln -s file /data/link; chown -h 9:10 /data/link; mkfifo /data/fifo; chown 21:22 /data/fifo
  mkdir /data/last; chown 65535:65534 /data/last; chmod 2770 /data/last
  rm /bin/arch; chown 1000:50 /data; chmod 1777 /data`

const reason = await rootlessEngineObstacle()

describe('keg docker package: a rootless engine @classic', function () {
  this.timeout(120_000)

  if (reason !== undefined) {
    it('is not available here', async () => {
      const refusal = await startRootlessEngine().catch((error: unknown) => error)
      expect(String(refusal)).to.include(reason)
    })
    return
  }

  let other: OtherEngine
  let engine: Awaited<ReturnType<typeof startRootlessEngine>>
  let sandbox: Sandbox

  async function start(options?: Parameters<typeof startRootlessEngine>[0]): Promise<void> {
    other = await OtherEngine.start(async () => (engine = await startRootlessEngine(options)))
  }

  async function stop(): Promise<void> {
    await other.stop()
    const left = await access(dirname(engine.log)).then(
      () => true,
      () => false,
    )
    expect(left, 'its folder is left').to.equal(false)
  }

  beforeEach(() => {
    sandbox = new Sandbox()
  })
  afterEach(() => sandbox.clean())

  /** A folder of the machine that everybody may write to; its files belong to nobody in a container. */
  async function sharedFolder(): Promise<string> {
    const folder = await sandbox.temporaryFolder()
    await chmod(folder, 0o777)
    await writeFile(join(folder, 'of the machine'), 'from the machine')
    return folder
  }

  /** Ends what the container runs if the engine cannot pause it: it is then packaged stopped. */
  async function killWhereNotPausable(container: string): Promise<void> {
    if (!engine.canPause) await docker(['kill', container])
  }

  describe('under a user with a control group', () => {
    before(() => start())
    after(stop)

    it('is one', async () => {
      expect(await docker(['info', '--format', '{{.SecurityOptions}}'])).to.include('name=rootless')
      const container = await sandbox.run([baseImage, 'cat', '/proc/self/uid_map'])
      await docker(['wait', container])
      expect(await docker(['logs', container])).to.match(/^ *0 +[1-9]\d* +1\n/)
    })

    it('gives its packages the owners that containers see, for every engine', async () => {
      const mounts = ['-v', '/data', '-v', `${await sandbox.volume()}:/srv/app/data`]
      const bind = ['-v', `${await sharedFolder()}:/srv/bound`]
      const container = await waitingContainer(sandbox, [...mounts, ...bind, baseImage], files)
      const seen = await seenInside(container, folders)
      expect(seen).to.include('/data/last: directory 2770 65535:65534')
      expect(seen.join('\n')).to.match(/^\/own\/file: regular file 6755 5:7 /m)
      expect(seen.join('\n')).to.match(/^\/srv\/bound\/of the machine: regular file 644 65534:65534 /m)
      await killWhereNotPausable(container)
      const result = await packageOf(sandbox, container, [
        '--verify',
        '--registry',
        `${engine.hostAddress}:${portOf(registry)}`,
      ])
      // Only the engine knows that name of the machine.
      expect(result).to.deep.include({pushed: true, via: 'engine', viaReason: 'registry-unreachable'})
      expect(result.verification).to.include({differenceCount: 0})
      expect(result.mounts.map(({included}) => included)).to.deep.equal([true, true, true])
      expect(await inspected(container, '{{.State.Status}}')).to.equal(engine.canPause ? 'running' : 'exited')
      expect(result.pausedMilliseconds > 0).to.equal(engine.canPause)
      expect(await seenInside(await sandbox.run([result.reference, 'sleep', '100']), folders)).to.deep.equal(seen)

      const [host, usual] = [process.env.DOCKER_HOST, other.usual.environment.DOCKER_HOST]
      const reviewer = new Sandbox()
      if (usual === '') delete process.env.DOCKER_HOST
      else process.env.DOCKER_HOST = usual
      try {
        const reference = result.reference.replace(/^[^/]+/, registry)
        await docker(['pull', '--quiet', reviewer.addImage(reference)])
        expect(await seenInside(await reviewer.run([reference, 'sleep', '100']), folders)).to.deep.equal(seen)
      } finally {
        await reviewer.clean()
        process.env.DOCKER_HOST = host
      }
    })

    it('gets synced files with the right owners inside', () => expectRightOwners(sandbox))

    it('runs a package with published ports, verifies and inspects it', async () => {
      const image = await sandbox.imageFromFiles(
        uniqueName('rootless'),
        [{path: '/www/page', content: 'of the image'}],
        {
          from: baseImage,
          instructions: ['EXPOSE 8080', 'VOLUME /www', 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'],
        },
      )
      const container = await sandbox.run([image])
      await inContainer(container, 'echo of the mount >/www/page')
      await killWhereNotPausable(container)
      const {reference} = await packageOf(sandbox, container)
      const verified = await keg(['docker', 'package', 'verify', reference, '--json'])
      expect(verified.code, verified.stderr).to.equal(0)
      expect((await keg(['docker', 'package', 'inspect', reference])).stdout).to.match(
        /^ {2}Mount +\/www: volume, [\d.]+ k?B, in the package$/m,
      )
      const run = await keg(['docker', 'package', 'run', reference, '--pull', 'never', '--detach'])
      expect(run.code, run.stderr).to.equal(0)
      expect(await (await fetch(new URL('page', run.stdout.trim()))).text()).to.equal('of the mount\n')
    })
  })

  describe('under a user without one', () => {
    before(() => start({controlGroup: false}))
    after(stop)

    it('cannot pause, says what to do, and packages stopped containers', async () => {
      expect(engine.canPause).to.equal(false)
      const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo own >/own; echo x >/data/x')
      const seen = await seenInside(container, ['/own', '/data'])
      const {code, json} = await keg([
        'docker',
        'package',
        container,
        '--name',
        uniqueName('none'),
        '-t',
        'x',
        '--json',
      ])
      const {error} = json() as {error: Record<string, unknown>}
      expect([code, error.code]).to.deep.equal([1, 'pause-failed'])
      expect(error.message).to.match(/cgroups not configured/)
      expect(error.hint).to.match(/docker stop/)
      expect(await inspected(container, '{{.State.Status}}')).to.equal('running')
      await killWhereNotPausable(container)
      const {reference} = await packageOf(sandbox, container)
      expect(await seenInside(await sandbox.run([reference, 'sleep', '100']), ['/own', '/data'])).to.deep.equal(seen)
    })
  })
})

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1)
}
