import {expect} from 'chai'
import {setTimeout as sleep} from 'node:timers/promises'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {seenInside} from './other-engine.js'
import {expectSameFiles, inContainer, inspected, labelsOf, packageOf, waitingContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine, type EngineRequest, type Watchers} from './watched-engine.js'

/** Everything that shows a restart. */
const life = '{{.State.Status}} {{.State.StartedAt}} {{.RestartCount}} {{json .HostConfig.RestartPolicy}}'

describe('keg docker package: lives of containers @classic', function () {
  this.timeout(120_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })
  afterEach(() => sandbox.clean())

  async function settingsOf(reference: string): Promise<unknown> {
    return JSON.parse((await labelsOf(reference))['com.keg.package.run'] ?? '')
  }

  /** Runs a package in the background without waiting for it. Returns its container. */
  async function reviewed(reference: string, flags: readonly string[] = []): Promise<string> {
    const line = ['docker', 'package', 'run', reference, '--pull', 'never', '-d', '--wait', '0', '--json', ...flags]
    const run = await keg(line)
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    return sandbox.addContainer(String(run.json().container))
  }

  /** Does something at a request of keg. Returns how keg ended, and what it left in the engine. */
  async function meanwhile(
    target: string,
    watchers: Watchers,
    flags: readonly string[] = [],
  ): Promise<{code: number; error: Record<string, unknown>; left: string[]; reference: string}> {
    const name = uniqueName('moved')
    const watched = await watchEngine(watchers)
    try {
      const line = ['docker', 'package', target, '--name', name, '-t', 'x', '--json', ...flags]
      const run = await keg(line, {env: {DOCKER_HOST: watched.host}})
      const {error = {}} = run.json() as {error?: Record<string, unknown>}
      if (run.code === 0) sandbox.addImage(`${name}:x`)
      const left = (await madeBy(watched)).filter((made) => !made.endsWith(` ${name}:x`))
      return {code: run.code, error, left, reference: `${name}:x`}
    } finally {
      await watched.close()
    }
  }

  /** At the first request that matches; with `afterCommit`, at the first after the container was read. */
  function once(
    pattern: RegExp,
    act: () => Promise<unknown>,
    {afterCommit = false} = {},
  ): (request: EngineRequest) => Promise<void> {
    let [isDone, isCommitted] = [false, false]
    return async ({line}) => {
      if (line === 'POST /commit') isCommitted = true
      if (isDone || !pattern.test(line) || (afterCommit && !isCommitted)) return
      isDone = true
      await act()
    }
  }

  describe('with a read-only root file system', () => {
    const tmpfs = [
      '--tmpfs',
      '/scratch:size=1m,mode=1777',
      '--mount',
      'type=tmpfs,target=/run/app,tmpfs-size=2097152,tmpfs-mode=1770',
    ]

    it('are packaged with their volumes, and run as before', async () => {
      const image = await sandbox.imageFromFiles(
        uniqueName('read-only'),
        [
          {path: '/scratch/of the image', content: 'hidden by the tmpfs'},
          {path: '/declared/of the image', content: 'of the image', uid: 5},
        ],
        {from: baseImage, instructions: ['VOLUME /declared', 'CMD ["sleep", "3600"]']},
      )
      const volumes = ['-v', '/data', '-v', `${await sandbox.volume()}:/named`]
      const container = await sandbox.run(['--read-only', ...tmpfs, ...volumes, image])
      const script =
        'for path in /data /named /declared /scratch /run/app; do echo x >$path/x; done; ! touch /x; chown 8 /data/x'
      await inContainer(container, script)
      const folders = ['/data', '/named', '/declared']
      const seen = await seenInside(container, folders)
      const {mounts, reference} = await packageOf(sandbox, container, ['--verify'])
      expect(mounts.filter(({included}) => included).map(({destination}) => destination)).to.have.members(folders)
      expect(await settingsOf(reference)).to.deep.equal({
        readOnly: true,
        tmpfs: {'/run/app': 'size=2097152,mode=1770', '/scratch': 'size=1m,mode=1777'},
      })
      const files = await expectSameFiles(container, reference, {ignore: (path) => path.startsWith('/scratch/')})
      expect([...files.keys()].filter((path) => path.startsWith('/run/app/'))).to.deep.equal([])

      const again = await reviewed(reference)
      expect(await seenInside(again, folders)).to.deep.equal(seen)
      await inContainer(again, `${script}; test ! -e "/scratch/of the image"`)
      expect(await inspected(again, '{{.HostConfig.ReadonlyRootfs}}')).to.equal('true')
      // From the second start on, runc gives a tmpfs the mode of its mount point (seen with 1.1.5).
      await docker(['restart', '--time', '0', container])
      const tmpfsOf = (each: string): Promise<string> =>
        inContainer(each, 'stat -c "%n %a" /scratch /run/app; grep -E " (/scratch|/run/app) " /proc/mounts | sort')
      expect(await tmpfsOf(again)).to.equal(await tmpfsOf(container))
      expect(await tmpfsOf(again)).to.match(/ \/run\/app tmpfs .*size=2048k/)
    })

    it('are packaged again from a package, as they are now', async () => {
      const first = await waitingContainer(sandbox, ['--read-only', '-v', '/data', baseImage], 'echo 1 >/data/x')
      const {reference} = await packageOf(sandbox, first)
      const second = await reviewed(reference)
      await inContainer(second, 'echo 2 >/data/x')
      const again = await packageOf(sandbox, second, ['--verify'])
      expect(await settingsOf(again.reference)).to.deep.equal({readOnly: true})
      expect(await inContainer(await reviewed(again.reference), 'cat /data/x')).to.equal('2')
    })
  })

  describe('with an init process', () => {
    it('have one in their package too', async () => {
      const container = await waitingContainer(sandbox, ['--init', '-v', '/data', baseImage], 'echo x >/data/x')
      const processes = 'tr "\\0" " " </proc/1/cmdline; ps -o pid,args | grep -c "sleep 3600"'
      expect(await inContainer(container, processes)).to.match(/^\/sbin\/docker-init -- sleep 3600/)
      const {reference} = await packageOf(sandbox, container, ['--verify'])
      await expectSameFiles(container, reference)
      expect(await settingsOf(reference)).to.deep.equal({init: true})
      const again = await reviewed(reference)
      expect(await inspected(again, '{{.HostConfig.Init}}')).to.equal('true')
      expect(await inContainer(again, processes)).to.match(/^\/sbin\/docker-init -- sleep 3600/)
    })

    it('have none in their package if they had none', async () => {
      const container = await waitingContainer(sandbox, [baseImage], 'true')
      const {reference} = await packageOf(sandbox, container)
      expect(await inContainer(await reviewed(reference), 'cat /proc/1/cmdline')).to.match(/^sleep/)
    })
  })

  describe('with a restart policy', () => {
    for (const policy of ['always', 'unless-stopped', 'on-failure:3'])
      it(`${policy}: are not restarted, and their packages run without the policy`, async () => {
        const options = ['--restart', policy, '-v', '/data']
        const container = await waitingContainer(sandbox, [...options, baseImage], 'echo x >/data/x; echo own >/own')
        const before = await inspected(container, life)
        const {pausedMilliseconds, reference} = await packageOf(sandbox, container)
        expect(pausedMilliseconds).to.be.greaterThan(0)
        expect(await inspected(container, life)).to.equal(before)
        await expectSameFiles(container, reference)
        expect(await settingsOf(reference)).to.deep.equal({restart: policy})
        const again = await reviewed(reference)
        expect(await inspected(again, '{{.HostConfig.RestartPolicy.Name}}')).to.match(/^(?:no)?$/)
      })

    it('are refused between two restarts, and packaged as soon as they run', async () => {
      const script = 'test -e /data/ready && exec sleep 3600; exit 3'
      const container = await sandbox.run(['--restart', 'always', '-v', '/data', baseImage, 'sh', '-c', script])
      const helper = await sandbox.run(['--volumes-from', container, baseImage, 'sleep', '3600'])
      while (!(await stateOf(container)).startsWith('restarting')) await sleep(20)
      const {code, error} = await meanwhile(container, {})
      // It may have been restarted again just then.
      expect([code, error.code]).to.be.deep.oneOf([
        [1, 'container-restarting'],
        [1, 'pause-failed'],
      ])
      await inContainer(helper, 'touch /data/ready')
      while (!(await stateOf(container)).startsWith('running') || (await isShell(container))) await sleep(50)
      const {reference} = await packageOf(sandbox, container)
      await expectSameFiles(container, reference)
    })
  })

  /** Whether a container has not reached its sleep yet. */
  async function isShell(container: string): Promise<boolean> {
    const top = await docker(['top', container]).catch(() => 'sh -c')
    return !/sleep 3600/.test(top) || /sh -c/.test(top)
  }

  describe('that exit by themselves', () => {
    it('before they are paused, are packaged as they ended', async () => {
      const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo x >/data/x; echo own >/own')
      const {code, left, reference} = await meanwhile(container, {
        arriving: once(/\/pause$/, () => docker(['kill', container])),
      })
      expect([code, left]).to.deep.equal([0, []])
      await expectSameFiles(container, reference)
      expect(await inspected(container, '{{.State.Status}}')).to.equal('exited')
    })

    for (const [moment, pattern, code] of [
      ['before they are paused', /\/pause$/, 1],
      ['while their image is written', /\/images\/load$/, 0],
      ['before it gets its name', /\/tag$/, 0],
    ] as const)
      it(`and are then removed, ${moment}: nothing of theirs is left`, async () => {
        const container = await waitingContainer(sandbox, ['--rm', '-v', '/data', baseImage], 'echo x >/data/x')
        const volume = await inspected(container, '{{(index .Mounts 0).Name}}')
        const isGone = async (): Promise<boolean> =>
          docker(['inspect', '--type', 'container', container]).then(
            () => false,
            () => true,
          )
        const end = async (): Promise<void> => {
          await docker(['kill', container])
          while (!(await isGone())) await sleep(20)
        }
        const run = await meanwhile(container, {arriving: once(pattern, end, {afterCommit: code === 0})})
        expect([run.code, run.left], JSON.stringify(run.error)).to.deep.equal([code, []])
        expect(await isGone()).to.equal(true)
        expect(await docker(['volume', 'ls', '--quiet', '--filter', `name=${volume}`])).to.equal('')
        if (code === 1) expect(run.error.code).to.equal('container-gone')
        else expect(await docker(['run', '--rm', '--pull', 'never', run.reference, 'cat', '/data/x'])).to.equal('x')
      })

    it('keep their named volumes', async () => {
      const name = await sandbox.volume()
      const container = await waitingContainer(sandbox, ['--rm', '-v', `${name}:/data`, baseImage], 'echo x >/data/x')
      await meanwhile(container, {arriving: once(/\/tag$/, () => docker(['kill', container]))})
      expect(await docker(['volume', 'ls', '--quiet', '--filter', `name=${name}`])).to.equal(name)
    })
  })

  describe('that somebody else unpauses or restarts while they are read', () => {
    const told = async (container: string, act: () => Promise<unknown>): Promise<void> => {
      const {code, error, left} = await meanwhile(container, {
        answered: once(/^POST \/commit$/, act),
      })
      expect([code, error.code, left]).to.deep.equal([1, 'container-moved', []])
      expect(error.hint).to.equal('Package it again.')
    }

    it('are not packaged: unpaused', async () => {
      const container = await waitingContainer(sandbox, [baseImage], 'echo own >/own')
      await told(container, () => docker(['unpause', container]))
      expect(await stateOf(container)).to.equal('running false')
    })

    it('are not packaged: started', async () => {
      const container = await waitingContainer(sandbox, [baseImage], 'echo own >/own')
      await docker(['kill', container])
      await told(container, () => docker(['start', container]))
      expect(await stateOf(container)).to.equal('running false')
    })

    it('are not packaged: killed and started again', async () => {
      const container = await waitingContainer(sandbox, [baseImage], 'echo own >/own')
      await told(container, async () => {
        await docker(['unpause', container])
        await docker(['restart', '--time', '0', container])
        await docker(['pause', container])
      })
      expect(await stateOf(container)).to.equal('running false')
    })
  })
})
