import {expect} from 'chai'
import {setTimeout as sleep} from 'node:timers/promises'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {inContainer, inspected, packageJson, packageOf} from './packaging.js'
import {unusedPort} from './occupied-port.js'
import {watchEngine} from './watched-engine.js'

const second = 1_000_000_000

interface Healthcheck {
  Interval?: number
  Retries?: number
  StartPeriod?: number
  Test?: string[]
  Timeout?: number
}

describe('keg docker package: healthchecks @classic', function () {
  this.timeout(60_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })
  afterEach(() => sandbox.clean())

  /** An image with a check that succeeds once /ready exists. */
  function checked(instructions: readonly string[] = []): Promise<string> {
    const check = 'HEALTHCHECK --interval=1s --timeout=5s --retries=2 --start-period=3s CMD ["test", "-e", "/ready"]'
    return sandbox.imageFromFiles(uniqueName('checked'), [{path: '/www/index.html', content: 'page'}], {
      from: baseImage,
      instructions: [check, ...instructions],
    })
  }

  async function healthcheckOf(type: 'container' | 'image', name: string): Promise<Healthcheck | null> {
    const format = ['--type', type, '--format', '{{json .Config.Healthcheck}}']
    return JSON.parse(await docker(['inspect', ...format, name])) as Healthcheck | null
  }

  async function untilHealth(container: string, status: string): Promise<void> {
    while ((await inspected(container, '{{.State.Health.Status}}')) !== status) await sleep(50)
  }

  const given = ['--health-cmd', 'test -e /other', '--health-interval', '9s', '--health-retries', '5']
  const whole = [...given, '--health-timeout', '2s', '--health-start-period', '4s']
  const cases: [how: string, imageHas: boolean, options: string[], expected: Healthcheck | null][] = [
    [
      'the image’s',
      true,
      [],
      {
        Interval: second,
        Retries: 2,
        StartPeriod: 3 * second,
        Test: ['CMD', 'test', '-e', '/ready'],
        Timeout: 5 * second,
      },
    ],
    [
      'that of docker run',
      false,
      whole,
      {
        ...{Interval: 9 * second, Retries: 5, StartPeriod: 4 * second, Timeout: 2 * second},
        Test: ['CMD-SHELL', 'test -e /other'],
      },
    ],
    [
      'the image’s, where docker run changes parts of it',
      true,
      given,
      {
        ...{Interval: 9 * second, Retries: 5, StartPeriod: 3 * second, Timeout: 5 * second},
        Test: ['CMD-SHELL', 'test -e /other'],
      },
    ],
    ['none, where docker run removes it', true, ['--no-healthcheck'], {Test: ['NONE']}],
    ['none, where there is none', false, [], null],
  ]
  for (const [how, imageHas, options, expected] of cases)
    it(`is ${how}`, async () => {
      const container = await sandbox.run([...options, imageHas ? await checked() : baseImage, 'sleep', '3600'])
      const {reference} = await packageOf(sandbox, container)
      const ofPackage = await healthcheckOf('image', reference)
      expect(ofPackage).to.deep.equal(await healthcheckOf('container', container))
      if (expected === null) expect(ofPackage).to.equal(null)
      else expect(ofPackage).to.deep.include(expected)
      const again = await sandbox.run([reference])
      expect(await healthcheckOf('container', again)).to.deep.equal(await healthcheckOf('container', container))
    })

  it('is waited for when the package is run, also during its start period', async () => {
    const port = await unusedPort()
    const command = `httpd -p ${port} -h /www; sleep 2; touch /ready; sleep 3600`
    const image = await checked([`EXPOSE ${port}`, `CMD ["sh", "-c", "${command}"]`])
    const container = await sandbox.run(['--health-retries', '1', '--health-start-period', '50s', image])
    const {reference} = await packageOf(sandbox, container)
    const run = await keg(['docker', 'package', 'run', reference, '--pull', 'never', '-d', '--json'])
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    const again = sandbox.addContainer(String(run.json().container))
    expect(await inspected(again, '{{.State.Health.Status}}')).to.equal('healthy')
  })

  it('is not waited for if it was removed', async () => {
    const port = await unusedPort()
    const image = await checked([`EXPOSE ${port}`, `CMD ["httpd", "-f", "-p", "${port}", "-h", "/www"]`])
    const {reference} = await packageOf(sandbox, await sandbox.run(['--no-healthcheck', image]))
    const run = await keg(['docker', 'package', 'run', reference, '--pull', 'never', '-d', '--json'])
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    const again = sandbox.addContainer(String(run.json().container))
    expect(await inspected(again, '{{.Config.Healthcheck.Test}}')).to.equal('[NONE]')
    expect(await (await fetch(String(run.json().url))).text()).to.equal('page')
  })

  describe('while the container is paused', () => {
    /** Packages a container whose pause lasts longer than this, and until a moment after it. */
    async function longPause(container: string, milliseconds: number): Promise<void> {
      const watched = await watchEngine({
        async arriving({line}) {
          if (line === 'POST /commit') await sleep(milliseconds)
        },
      })
      try {
        const names = ['--name', uniqueName('paused'), '-t', 'x']
        const run = await keg(['docker', 'package', container, ...names, '--json'], {env: {DOCKER_HOST: watched.host}})
        const {pausedMilliseconds, reference} = packageJson(run)
        sandbox.addImage(reference)
        expect(pausedMilliseconds).to.be.at.least(milliseconds)
      } finally {
        await watched.close()
      }
    }

    /** Whether the engine reported a failed check. */
    async function wasFailing(container: string, since: number): Promise<boolean> {
      const window = ['--since', (since / 1000).toFixed(3), '--until', (Date.now() / 1000).toFixed(3)]
      const filters = ['--filter', `container=${container}`, '--filter', 'event=health_status']
      return (await docker(['events', ...window, ...filters, '--format', '{{.Action}}'])).includes('unhealthy')
    }

    it('does not make it unhealthy, however much longer the pause is than its interval and its timeout', async () => {
      // On a busy machine, a check can take more than a second.
      const options = ['--health-interval', '300ms', '--health-timeout', '5s', '--health-retries', '1']
      const container = await sandbox.run([...options, '--health-cmd', 'true', baseImage, 'sleep', '3600'])
      await untilHealth(container, 'healthy')
      const since = Date.now()
      await longPause(container, 6000)
      await sleep(1500)
      expect(await inspected(container, '{{.State.Health.Status}} {{.State.Health.FailingStreak}}')).to.equal(
        'healthy 0',
      )
      expect(await wasFailing(container, since)).to.equal(false)
    })

    it('does not fail a check that is running when the pause begins', async () => {
      const check = 'echo x >>/checks; sleep 1; echo x >>/done'
      const options = ['--health-interval', '200ms', '--health-timeout', '20s', '--health-retries', '1']
      const container = await sandbox.run([...options, '--health-cmd', check, baseImage, 'sleep', '3600'])
      await untilHealth(container, 'healthy')
      const since = Date.now()
      await longPause(container, 2500)
      await sleep(2500)
      expect(await inspected(container, '{{.State.Health.Status}} {{.State.Health.FailingStreak}}')).to.equal(
        'healthy 0',
      )
      expect(await wasFailing(container, since)).to.equal(false)
      // A check is nearly always running.
      expect(Number(await inContainer(container, 'wc -l </checks'))).to.be.greaterThan(2)
    })

    it('lets a starting one become healthy afterwards', async () => {
      const options = ['--health-interval', '500ms', '--health-retries', '20', '--health-start-period', '30s']
      const container = await sandbox.run([...options, '--health-cmd', 'test -e /ready', baseImage, 'sleep', '3600'])
      const since = Date.now()
      await longPause(container, 1500)
      await inContainer(container, 'touch /ready')
      await untilHealth(container, 'healthy')
      expect(await wasFailing(container, since)).to.equal(false)
    })

    it('makes the engine call it unhealthy until its next check, like any pause', async () => {
      const options = ['--health-interval', '10s', '--health-cmd', 'true']
      const container = await sandbox.run([...options, baseImage, 'sleep', '3600'])
      await untilHealth(container, 'healthy')
      await packageOf(sandbox, container)
      expect(await inspected(container, '{{.State.Health.Status}} {{.State.Health.FailingStreak}}')).to.equal(
        'unhealthy 0',
      )
      await untilHealth(container, 'healthy')
    })

    it('leaves an unhealthy one unhealthy, and packages it', async () => {
      const options = ['--health-interval', '300ms', '--health-retries', '1', '--health-cmd', 'false']
      const container = await sandbox.run([...options, baseImage, 'sleep', '3600'])
      await untilHealth(container, 'unhealthy')
      const {reference} = await packageOf(sandbox, container)
      expect((await healthcheckOf('image', reference))?.Test).to.deep.equal(['CMD-SHELL', 'false'])
      expect(await inspected(container, '{{.State.Status}} {{.State.Health.Status}}')).to.equal('running unhealthy')
    })
  })
})
