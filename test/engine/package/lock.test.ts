import {expect} from 'chai'
import {docker, baseImage, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg} from '../../support/keg.js'
import {OwnBed} from '../interruption/own-bed.js'
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

/** A promise, and the function that resolves it. */
function gate(): {open: () => void; opened: Promise<void>} {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return {open, opened}
}

describe('the lock on a container @containerd', function () {
  this.timeout(120_000)

  let bed: OwnBed
  let sandbox: Sandbox
  let container: string
  let open: WatchedEngine[]

  // Any keg may resume what a killed one has paused: here is no other.
  before(async () => {
    bed = await OwnBed.start()
  })
  after(() => bed.stop())

  beforeEach(async () => {
    sandbox = new Sandbox()
    open = []
    container = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
    await docker(['exec', container, 'sh', '-c', 'echo one >/data/one'])
  })

  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
    await docker(['unpause', container]).catch(() => undefined)
    // Left by a killed keg; the packages that were made belong to these runs as well.
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

  /** Kills keg at a request, before or after the engine has it; returns when keg is gone. */
  async function killedAt(place: RegExp, moment: keyof Watchers, ...flags: string[]): Promise<WatchedEngine> {
    const kill = ({line}: EngineRequest): Promise<void> => {
      if (!place.test(line)) return Promise.resolve()
      running.kill('SIGKILL')
      return running.ended.then(() => undefined)
    }
    const engine = await watched({[moment]: kill})
    const running = await startKeg(line(...flags), {env: {DOCKER_HOST: engine.host}})
    const {code} = await running.ended
    expect(code).to.equal(137)
    return engine
  }

  it('makes the second of two packages wait and say for whom, and both are made', async () => {
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

  it('is released before the image is written and pushed', async () => {
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

  it('can be waited for in vain: Ctrl-C ends the wait, and the other package is made', async () => {
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

  it('of a killed keg is taken over, with a notice', async () => {
    await killedAt(/^POST \/containers\/[0-9a-f]+\/pause$/, 'arriving')
    expect(await stateOf(container)).to.equal('running false')
    const next = await keg(line())
    expect(next.code, next.stderr).to.equal(0)
    expect(next.stderr).to.match(
      /Removed the lock on \S+, which was left by a keg that no longer runs \(process \d+ of \w+, .* ago\)\./,
    )
  })

  describe('of a keg killed while the container was paused, and another that writes to its mounts', () => {
    let writer: string
    const states = async (): Promise<string[]> => [await stateOf(container), await stateOf(writer)]

    beforeEach(async () => {
      writer = await sandbox.run(['--volumes-from', container, baseImage, 'sleep', '100000'])
      await killedAt(/^POST \/commit/, 'answered', '--pause-writers')
      expect(await states()).to.deep.equal(['paused true', 'paused true'])
    })

    afterEach(() => docker(['unpause', writer]).catch(() => undefined))

    it('makes the next keg say how to resume the container, without a terminal', async () => {
      const next = await keg(line('--pause-writers'))
      expect(next.code, next.stderr).to.equal(0)
      expect(next.stderr.match(/was left by a keg that no longer runs/g), 'both locks').to.have.length(2)
      expect(next.stderr).to.match(
        /Warning: \S+ is paused: a keg that no longer runs .* paused it\. Resume it with: docker unpause /,
      )
      expect(await states(), 'nobody has said that they may go on').to.deep.equal(['paused true', 'paused true'])
      for (const command of ['run', 'verify', 'inspect']) {
        const later = await keg(['docker', 'package', command, '127.0.0.1:1/nowhere:x', '--pull', 'never'])
        expect(later.stderr, `${command} tells it too, until it is done`).to.contain('docker unpause')
      }
    })

    it('makes the next keg unpause it with --yes', async () => {
      const next = await keg(line('--yes'))
      expect(next.code, next.stderr).to.equal(0)
      expect(next.stderr.match(/\S+ is resumed\./g)).to.have.length(2)
      expect(await states()).to.deep.equal(['running false', 'running false'])
      expect((await keg(line())).stderr).not.to.match(/is paused|Removed the lock/)
    })

    it('makes the next keg ask at a terminal', async () => {
      const next = await kegOnTerminal(line())
      await next.shows(/paused it\. Resume it\?/)
      next.press('y\r')
      await next.shows(/paused it\. Resume it\?.*paused it\. Resume it\?/s)
      next.press('y\r')
      await next.shows(/Pause \S+ too while \S+ is read\?/)
      next.press('y\r')
      const {code, shown} = await next.ended
      expect(code, shown).to.equal(0)
      expect(shown).not.to.contain('may have written')
      expect(await states()).to.deep.equal(['running false', 'running false'])
    })

    it('changes nothing with --dry-run', async () => {
      expect((await keg(line('--dry-run', '--yes'))).code).to.equal(0)
      expect(await states()).to.deep.equal(['paused true', 'paused true'])
    })
  })
})
