import {expect} from 'chai'
import {docker, baseImage, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg} from '../../support/keg.js'
import {kegOnTerminal} from './terminal.js'
import {packageJson} from './packaging.js'
import {
  madeBy,
  removeMadeBy,
  stateOf,
  watchEngine,
  type EngineRequest,
  type WatchedEngine,
  type Watchers,
} from './watched-engine.js'

/** Something that is waited for, and the way to say that it has come. */
function gate(): {open: () => void; opened: Promise<void>} {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return {open, opened}
}

describe('the lock on a container', function () {
  this.timeout(120_000)

  let sandbox: Sandbox
  let container: string
  let open: WatchedEngine[]

  beforeEach(async () => {
    sandbox = new Sandbox()
    open = []
    container = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
    await docker(['exec', container, 'sh', '-c', 'echo one >/data/one'])
  })

  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
    await docker(['unpause', container]).catch(() => undefined)
    // What a keg that was killed leaves; the packages that were made are of these runs as well.
    for (const each of open) await removeMadeBy(each)
    await sandbox.clean()
  })

  async function watched(watchers: Watchers = {}): Promise<WatchedEngine> {
    const engine = await watchEngine(watchers)
    open.push(engine)
    return engine
  }

  const line = (...more: string[]): string[] => {
    const name = uniqueName('lock')
    sandbox.addImage(`${name}:one`)
    return ['docker', 'package', container, '--name', name, '-t', 'one', ...more]
  }

  /** Kills keg when it asks the engine for something, before or after the engine has it; returns when keg is gone. */
  async function killedAt(place: RegExp, moment: keyof Watchers): Promise<WatchedEngine> {
    const kill = ({line}: EngineRequest): Promise<void> => {
      if (!place.test(line)) return Promise.resolve()
      running.kill('SIGKILL')
      return running.ended.then(() => undefined)
    }
    const engine = await watched({[moment]: kill})
    const running = await startKeg(line(), {env: {DOCKER_HOST: engine.host}})
    const {code} = await running.ended
    expect(code).to.equal(137)
    return engine
  }

  it('lets the second of two packages wait, which says whom for, and both are made', async () => {
    const [reading, goOn] = [gate(), gate()]
    const first = await watched({
      async arriving({line}) {
        if (!/^POST \/commit/.test(line)) return
        reading.open()
        await goOn.opened
      },
    })
    const one = await startKeg(line('--json'), {env: {DOCKER_HOST: first.host}})
    await reading.opened
    const second = await watched()
    const other = await startKeg(line(), {env: {DOCKER_HOST: second.host}})
    await other.said(new RegExp(`Waiting for another keg that reads \\S+ \\(process ${one.pid} of \\w+, .* ago\\) …`))
    expect(second.requests.filter(({line}) => /\/(?:pause|unpause)$|^POST \/commit/.test(line))).to.deep.equal([])
    expect(await stateOf(container)).to.equal('paused true')
    goOn.open()
    expect(packageJson(await one.ended).pausedMilliseconds).to.be.above(0)
    const {code, stderr} = await other.ended
    expect(code, stderr).to.equal(0)
    expect(second.requests.filter(({line}) => /\/pause$/.test(line))).to.have.length(1)
    expect(await stateOf(container)).to.equal('running false')
  })

  it('is let go of before the image is written and pushed', async () => {
    const [writing, goOn] = [gate(), gate()]
    const first = await watched({
      async arriving({line}) {
        if (!/^POST \/images\/[^/]*[^/]+\/tag$/.test(line)) return
        writing.open()
        await goOn.opened
      },
    })
    const one = await startKeg(line(), {env: {DOCKER_HOST: first.host}})
    await writing.opened
    const other = await keg(line())
    expect(other.code, other.stderr).to.equal(0)
    expect(other.stderr).not.to.contain('Waiting')
    goOn.open()
    expect((await one.ended).code).to.equal(0)
  })

  it('can be waited for in vain: Ctrl-C ends the waiting, and the other goes on', async () => {
    const [reading, goOn] = [gate(), gate()]
    const first = await watched({
      async arriving({line}) {
        if (!/^POST \/commit/.test(line)) return
        reading.open()
        await goOn.opened
      },
    })
    const one = await startKeg(line(), {env: {DOCKER_HOST: first.host}})
    await reading.opened
    const second = await watched()
    const other = await startKeg(line(), {env: {DOCKER_HOST: second.host}})
    await other.said(/Waiting for another keg/)
    other.kill('SIGINT')
    expect((await other.ended).code).to.equal(130)
    expect(await madeBy(second)).to.deep.equal([])
    goOn.open()
    expect((await one.ended).code).to.equal(0)
  })

  it('of a keg that was killed is taken over, which is said', async () => {
    await killedAt(/^POST \/containers\/[0-9a-f]+\/pause$/, 'arriving')
    expect(await stateOf(container)).to.equal('running false')
    const next = await keg(line())
    expect(next.code, next.stderr).to.equal(0)
    expect(next.stderr).to.match(
      /The lock on \S+ was left by a keg that is gone \(process \d+ of \w+, .* ago\): it is taken over\./,
    )
  })

  describe('of a keg that was killed while the container stood still', () => {
    beforeEach(async () => {
      await killedAt(/^POST \/commit/, 'answered')
      expect(await stateOf(container)).to.equal('paused true')
    })

    it('makes the next keg say how the container goes on, where nobody can be asked', async () => {
      const next = await keg(line())
      expect(next.code, next.stderr).to.equal(0)
      expect(next.stderr).to.match(
        /Warning: \S+ stands still: a keg that is gone .* had paused it\. Let it go on with: docker unpause /,
      )
      expect(await stateOf(container), 'nobody has said that it may go on').to.equal('paused true')
      for (const command of ['run', 'verify', 'inspect']) {
        const later = await keg(['docker', 'package', command, '127.0.0.1:1/nowhere:x', '--pull', 'never'])
        expect(later.stderr, `${command} tells it too, until it is done`).to.contain('docker unpause')
      }
    })

    it('makes the next keg let it go on with --yes', async () => {
      const next = await keg(line('--yes'))
      expect(next.code, next.stderr).to.equal(0)
      expect(next.stderr).to.match(/\S+ goes on\./)
      expect(await stateOf(container)).to.equal('running false')
      expect((await keg(line())).stderr).not.to.match(/stands still|taken over/)
    })

    it('makes the next keg ask at a terminal', async () => {
      const next = await kegOnTerminal(line())
      await next.shows(/had paused it\. Let it go on\?/)
      next.press('y\r')
      const {code, shown} = await next.ended
      expect(code, shown).to.equal(0)
      expect(await stateOf(container)).to.equal('running false')
    })

    it('changes nothing with --dry-run', async () => {
      expect((await keg(line('--dry-run', '--yes'))).code).to.equal(0)
      expect(await stateOf(container)).to.equal('paused true')
    })
  })
})
