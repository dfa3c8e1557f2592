import {expect} from 'chai'
import {chmod, chown, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {startOwnEngine, ownEngineObstacle} from '../../../scripts/setup/own-engine.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {expectRightOwners} from '../sync/owners-inside.js'
import {OtherEngine, seenInside} from './other-engine.js'
import {inContainer, inspected, packageOf, waitingContainer} from './packaging.js'

const registry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** Users and groups are shifted by different numbers, so that they cannot be mixed up. */
const remap = {users: 300_000, groups: 400_000}

/** How many ids a container has. */
const ids = 65_536

const folders = ['/bin', '/data', '/own', '/srv']

const files = `
  mkdir /own /srv/app/sub
  echo own >/own/file; chown 5:7 /own/file; chmod 6755 /own/file; chown 33:44 /own /srv
  echo nested >/srv/app/data/file; chown 77:0 /srv/app/data/file; chown 12:13 /srv/app/data
  echo bound >/srv/bound/file; chown 0:88 /srv/bound/file
  echo content >/data/file; chown 5:7 /data/file; chmod 4750 /data/file; ln /data/file /data/same
  ln -s file /data/link; chown -h 9:10 /data/link; mkfifo /data/fifo; chown 21:22 /data/fifo
  mkdir /data/last; chown 65535:65534 /data/last; chmod 2770 /data/last
  for id in 100 200 300 400; do echo $id >/data/$id; chown $id:$((id + 1)) /data/$id; done
  chown 1000:50 /data; chmod 1777 /data`

interface Case {
  readonly title: string
  readonly kind: 'classic' | 'containerd'
  readonly settings?: Record<string, unknown>
}

const cases: Case[] = [
  {title: 'of 20.10', kind: 'classic'},
  {
    title: 'of 26.1 or newer without the containerd image store',
    kind: 'containerd',
    settings: {features: {'containerd-snapshotter': false}, 'storage-driver': 'overlay2'},
  },
]

const reason = await ownEngineObstacle('containerd')

describe('keg docker package: an engine that remaps users @containerd', function () {
  this.timeout(120_000)

  if (reason !== undefined) {
    it('is not available here', async () => {
      const refusal = await startOwnEngine({kind: 'classic', remap}).catch((error: unknown) => error)
      expect(String(refusal)).to.include('SetupError')
    })
    return
  }

  let other: OtherEngine
  let sandbox: Sandbox
  beforeEach(() => {
    sandbox = new Sandbox()
  })
  afterEach(() => sandbox.clean())

  /** A folder of the machine whose files belong to a user in a container; its owner there is 3:4. */
  async function sharedFolder(): Promise<string> {
    const folder = await sandbox.temporaryFolder()
    await chmod(folder, 0o751)
    await writeFile(join(folder, 'of the machine'), 'from the machine')
    for (const path of [folder, join(folder, 'of the machine')]) await chown(path, remap.users + 3, remap.groups + 4)
    return folder
  }

  function expectRefusal({code, json}: KegResult, errorCode: string): Record<string, unknown> {
    expect(code).to.equal(3)
    const {error} = json() as {error: Record<string, unknown>}
    expect(error.code).to.equal(errorCode)
    expect(error.hint).to.match(/\w/)
    return error
  }

  for (const {title, kind, settings} of cases) {
    describe(title, () => {
      before(async () => {
        other = await OtherEngine.start(() => startOwnEngine({kind, remap, ...(settings && {settings})}))
      })
      after(() => other.stop())

      it('is one', async () => {
        const facts = await docker(['info', '--format', '{{.DockerRootDir}} {{.SecurityOptions}} {{.Driver}}'])
        expect(facts).to.match(/\/300000\.400000 \[.*name=userns.*\] overlay2$/)
      })

      it('gives its packages the owners that containers see, for every engine', async () => {
        const mounts = ['-v', '/data', '-v', `${await sandbox.volume()}:/srv/app/data`]
        const bind = ['-v', `${await sharedFolder()}:/srv/bound`]
        const container = await waitingContainer(sandbox, [...mounts, ...bind, baseImage], files)
        const seen = await seenInside(container, folders)
        expect(seen).to.include.members(['/data/last: directory 2770 65535:65534', '/srv/bound: directory 751 3:4'])

        const result = await packageOf(sandbox, container, ['--verify', '--registry', registry])
        expect(result.mounts.map(({included}) => included)).to.deep.equal([true, true, true])
        expect(result.verification).to.include({differenceCount: 0})
        const reference = result.reference
        expect(await seenInside(await sandbox.run([reference, 'sleep', '100']), folders)).to.deep.equal(seen)

        const [host, usual] = [process.env.DOCKER_HOST, other.usual.environment.DOCKER_HOST]
        const reviewer = new Sandbox()
        if (usual === '') delete process.env.DOCKER_HOST
        else process.env.DOCKER_HOST = usual
        try {
          await docker(['pull', '--quiet', reviewer.addImage(reference)])
          expect(await seenInside(await reviewer.run([reference, 'sleep', '100']), folders)).to.deep.equal(seen)
        } finally {
          await reviewer.clean()
          process.env.DOCKER_HOST = host
        }
      })

      it('gets synced files with the right owners inside', () => expectRightOwners(sandbox))

      it('packages one without mounts, running or stopped', async () => {
        const agent = '/own/.mutagen/agents/1'
        const container = await waitingContainer(
          sandbox,
          [baseImage],
          `mkdir -p ${agent}; echo x >/own/x; echo agent >${agent}/mutagen-agent; chown 5:7 /own/*; chown 8:9 /own/.mutagen
          chmod 700 /own/.mutagen`,
        )
        const isOfSync = (line: string): boolean => line.includes('/.mutagen')
        const seen = (await seenInside(container, ['/bin', '/own'])).filter((line) => !isOfSync(line))
        for (const stop of [[], [container]]) {
          if (stop.length > 0) await docker(['kill', ...stop])
          const {reference} = await packageOf(sandbox, container, ['--verify'])
          // Mutagen's agent files there are emptied, and the folder still belongs to its user.
          if (stop.length === 0)
            expect((await seenInside(container, ['/own'])).filter(isOfSync)).to.deep.equal([
              '/own/.mutagen: directory 700 8:9',
            ])
          const again = await sandbox.run([reference, 'sleep', '100'])
          expect(await seenInside(again, ['/bin', '/own'])).to.deep.equal(seen)
          await sandbox.removeImage(reference)
        }
      })

      it('packages a package again, with its mount as it is now', async () => {
        const first = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo 1 >/data/a; chown 5:7 /data/a')
        const {layers, reference} = await packageOf(sandbox, first)
        const second = await waitingContainer(
          sandbox,
          ['-v', '/data', reference],
          'rm /data/a; >/data/b; chown 8:9 /data/b',
        )
        const seen = await seenInside(second, ['/data'])
        const again = await packageOf(sandbox, second, ['--verify'])
        expect(again.layers).to.equal(layers)
        expect(await seenInside(await sandbox.run([again.reference, 'sleep', '100']), ['/data'])).to.deep.equal(seen)
      })

      it('runs a package, verifies and inspects it', async () => {
        const image = await sandbox.imageFromFiles(
          uniqueName('remapped'),
          [{path: '/www/page', content: 'page', uid: 8}],
          {
            from: baseImage,
            instructions: [
              'EXPOSE 8080',
              'VOLUME /www',
              'CMD ["httpd", "-f", "-u", "8:9", "-p", "8080", "-h", "/www"]',
            ],
          },
        )
        const container = await sandbox.run([image])
        await inContainer(container, 'chown 8:9 /www/page; chmod 400 /www/page')
        const {reference} = await packageOf(sandbox, container)
        const verified = await keg(['docker', 'package', 'verify', reference, '--json'])
        expect(verified.code, verified.stderr).to.equal(0)
        expect(verified.json()).to.deep.include({differences: []})
        const shown = await keg(['docker', 'package', 'inspect', reference])
        expect(shown.stdout).to.match(/^ {2}Mount +\/www: volume, [\d.]+ k?B, in the package$/m)
        const run = await keg(['docker', 'package', 'run', reference, '--pull', 'never', '--detach'])
        expect(run.code, run.stderr).to.equal(0)
        expect(await (await fetch(new URL('page', run.stdout.trim()))).text()).to.equal('page')
      })

      for (const [who, uid, gid] of [
        ['user 0', 0, remap.groups],
        ['group 399999', remap.users, remap.groups - 1],
        [`user ${remap.users + ids}`, remap.users + ids, remap.groups],
      ] as const) {
        it(`refuses a file that belongs to nobody in a container: ${who}`, async () => {
          const folder = await sharedFolder()
          await writeFile(join(folder, 'foreign'), '')
          await chown(join(folder, 'foreign'), uid, gid)
          const container = await sandbox.run(['-v', `${folder}:/srv/bound`, baseImage, 'sleep', '3600'])
          const result = await keg(['docker', 'package', container, '--name', uniqueName('none'), '-t', 'x', '--json'])
          const {message} = expectRefusal(result, 'owner-unmapped')
          expect(message).to.match(new RegExp(`^/srv/bound/foreign belongs to ${who} of the machine, `))
          expect(result.leftovers).to.deep.equal([])
          const left = await docker(['ps', '--all', '--quiet', '--filter', 'label=com.keg.role=helper'])
          const images = await docker(['images', '--all', '--quiet', '--filter', 'label=com.keg.run'])
          expect([left, images]).to.deep.equal(['', ''])
          expect(await inspected(container, '{{.State.Status}}')).to.equal('running')
          const {mounts} = await packageOf(sandbox, container, ['--exclude-mount', '/srv/bound'])
          expect(mounts.map(({included}) => included)).to.deep.equal([false])
        })
      }

      it('refuses a container outside of the map: its commit would lose files', async () => {
        const container = await sandbox.run(['--userns', 'host', baseImage, 'sleep', '3600'])
        await inContainer(container, 'echo own >/own')
        const lost = sandbox.addImage(await docker(['commit', container, `${uniqueName('lost')}:x`]).catch(() => ''))
        if (lost !== '')
          expect((await imageLayers(lost)).layers.at(-1)?.entries.map(({path}) => path)).not.to.include('/own')
        const since = Date.now()
        expectRefusal(await keg(['docker', 'package', container, '--json']), 'userns-host')
        const window = ['--since', (since / 1000).toFixed(3), '--until', (Date.now() / 1000).toFixed(3)]
        expect(await docker(['events', ...window, '--filter', `container=${container}`])).to.equal('')
      })
    })
  }

  describe('with the containerd image store', () => {
    before(async () => {
      other = await OtherEngine.start(() => startOwnEngine({kind: 'containerd', remap}))
    })
    after(() => other.stop())

    it('is refused: its commits lose setuid bits', async () => {
      const container = await waitingContainer(sandbox, [baseImage], 'echo own >/own; chmod 4755 /own')
      const committed = sandbox.addImage(`${uniqueName('committed')}:x`)
      await docker(['commit', container, committed])
      const own = (await imageLayers(committed)).layers.at(-1)?.entries.find(({path}) => path === '/own')
      expect(own?.mode, 'an engine that keeps it should no longer be refused').to.equal(0o755)
      expectRefusal(await keg(['docker', 'package', container, '--json']), 'userns-remap')
    })
  })
})
