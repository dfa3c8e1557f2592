import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {Engine} from '../../../src/lib/engine/engine.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {startKeg, type KegResult} from '../../support/keg.js'
import {manifestOf} from '../../support/registry.js'
import {proxy, type StandIn} from '../registry/misbehaving-registry.js'
import {ctrlC, kegOnTerminal} from './terminal.js'
import {madeBy, stateOf, watchEngine, type EngineRequest, type WatchedEngine, type Watchers} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

type StopSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM'
const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
const codes = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143} as const

/** How a run ended, on a terminal or not. */
type Ended = Pick<KegResult, 'code' | 'leftovers'>

describe('keg docker package, interrupted @each-store', function () {
  this.timeout(180_000)

  let sandbox: Sandbox
  let container: string
  /** The full name of the packages, and the image that has it before. */
  let reference: string
  /** Digest of what the registry has under the name; null for nothing. */
  let inRegistry: string | null
  let earlier: string
  let isClassic: boolean
  let open: {close(): Promise<void>}[]

  before(async () => {
    sandbox = new Sandbox()
    await using usual = await Engine.connect(process.env)
    isClassic = usual.imageStore === 'graph'
    reference = sandbox.addImage(`${openRegistry}/keg/${uniqueName('interrupted')}:dev`)
    inRegistry = await digestInRegistry()
    container = await sandbox.run(['-v', '/data', '-v', '/data/inner', baseImage, 'sleep', '100000'])
    await docker(['exec', container, 'sh', '-c', 'echo one >/data/one; echo two >/data/inner/two; echo own >/own'])
    const base = await sandbox.imageFromFiles(uniqueName('earlier'), [{path: 'earlier'}])
    earlier = await docker(['image', 'inspect', '--format', '{{.Id}}', base])
    await docker(['tag', earlier, reference])
  })

  beforeEach(async () => {
    open = []
    await docker(['tag', earlier, reference])
  })

  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
  })

  after(() => sandbox.clean())

  function closing<T extends {close(): Promise<void>}>(resource: T): T {
    open.push(resource)
    return resource
  }

  const watched = async (watchers: Watchers = {}): Promise<WatchedEngine> => closing(await watchEngine(watchers))

  async function holderOf(name: string): Promise<string> {
    return docker(['image', 'inspect', '--format', '{{.Id}}', name])
  }

  /** Nothing new is left, in the engine or in the temporary folder, and the container runs. */
  async function expectNothingLeft({leftovers}: Ended, engine: WatchedEngine, moment: string): Promise<void> {
    expect(await stateOf(container), `the container, ${moment}`).to.equal('running false')
    expect(await madeBy(engine), `left in the engine, ${moment}`).to.deep.equal([])
    expect(leftovers, `left in the temporary folder, ${moment}`).to.deep.equal([])
    expect(await holderOf(reference), `the holder of the tag, ${moment}`).to.equal(earlier)
  }

  /**
   * Either the signal ended it, and nothing is left, or it came when everything was done, and everything is there and reported.
   * In that case the signal hits a process with nothing left to do: its code may be either.
   */
  async function expectAllOrNothing(result: KegResult, signal: StopSignal, engine: WatchedEngine, moment: string) {
    const said = `${moment}: ${result.stderr}${result.stdout}`
    if (result.code === 0 || result.stdout !== '') {
      expect(result.code, said).to.be.oneOf([0, codes[signal]])
      expect(result.stdout, said).to.match(/^Pushed \S+@sha256:[0-9a-f]{64} /)
      expect(result.leftovers).to.deep.equal([])
      const made = await madeBy(engine)
      const isOnlyInRegistry = result.stdout.includes('and not in this engine')
      expect(made, said).to.deep.equal(isOnlyInRegistry ? [] : [`image ${await holderOf(reference)} ${reference}`])
      expect(await stateOf(container), said).to.equal('running false')
      inRegistry = await digestInRegistry()
      expect(result.stdout, said).to.contain(`${reference}@${inRegistry}`)
      await docker(['tag', earlier, reference])
      if (made[0] !== undefined) await docker(['image', 'rm', made[0].split(' ')[1] ?? ''])
      return
    }
    expect(result.code, said).to.equal(codes[signal])
    expect(result.stdout, said).to.equal('')
    await expectNothingLeft(result, engine, said)
    expect(await digestInRegistry(), `the tag in the registry, ${said}`).to.equal(inRegistry)
  }

  async function digestInRegistry(): Promise<string | null> {
    const [repository = '', tag = ''] = reference.slice(reference.indexOf('/') + 1).split(':')
    return (await manifestOf(openRegistry, repository, tag)).digest
  }

  const line = (...more: string[]): string[] => [
    'docker',
    'package',
    container,
    '-t',
    reference,
    '--replace-tag',
    ...more,
  ]

  describe('at each step', () => {
    // All signals, moments and ways share the steps among them on both image stores: neighbouring steps are tested in different ways.
    const cases = signals.flatMap((signal) =>
      (['arriving', 'answered'] as const).flatMap((moment) =>
        (['registry', 'engine'] as const).map((via) => ({signal, moment, via})),
      ),
    )
    /** Infinity until a run was not stopped any more. */
    const steps = {registry: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY}
    for (const [first, {signal, moment, via}] of cases.entries()) {
      const told = moment === 'arriving' ? 'before the engine has it' : 'before keg has the answer'
      it(`by ${signal}, ${told}, via ${via}`, async () => {
        const seen: string[] = []
        for (let step = isClassic ? first : first + cases.length; step < steps[via]; step += 2 * cases.length) {
          let stoppedAt: EngineRequest | undefined
          const count = new StepCount()
          const stop = async (request: EngineRequest): Promise<void> => {
            if (!count.isNext(request) || count.steps !== step + 1) return
            stoppedAt = request
            running.kill(signal)
            await untilItIsNoticed()
          }
          const engine = closing(await watchEngine({[moment]: stop}))
          const running = await startKeg(line('--via', via), {env: {DOCKER_HOST: engine.host}})
          const result = await running.ended
          const when = stoppedAt === undefined ? 'never stopped' : `at step ${step}, ${stoppedAt.line}`
          await expectAllOrNothing(result, signal, engine, when)
          if (stoppedAt !== undefined) seen.push(stoppedAt.line)
          else {
            expect(result.code, result.stderr).to.equal(0)
            steps[via] = count.steps
          }
        }
        expect(seen).to.have.length.above(0)
      })
    }
  })

  describe('while it cleans up', () => {
    it('continues cleaning up on further signals, and says so @classic', async () => {
      const stop = async ({line}: EngineRequest): Promise<void> => {
        if (/^POST \/commit|^POST .*\/unpause$|^DELETE /.test(line))
          running.kill(line.startsWith('POST /c') ? 'SIGINT' : 'SIGTERM')
        await untilItIsNoticed()
      }
      const engine = await watched({arriving: stop})
      const running = await startKeg(line(), {env: {DOCKER_HOST: engine.host}})
      const result = await running.ended
      expect(result.code, result.stderr).to.equal(codes.SIGINT)
      expect(result.stderr).to.match(
        /Still cleaning up\.[^]*Error: Stopped by SIGINT\.\nEverything temporary has been removed\.\n$/,
      )
      expect(engine.requests.filter(({line}) => line.startsWith('DELETE'))).to.have.length.above(3)
      await expectNothingLeft(result, engine, 'stopped again and again')
    })
  })

  describe('at a terminal, by Ctrl-C @classic', () => {
    let large: string
    let slow: StandIn & {cuts(): number}
    const megabytes = 200

    before(async () => {
      large = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
      await docker(['exec', large, 'dd', 'if=/dev/urandom', 'of=/data/large', 'bs=1M', `count=${megabytes}`])
    })

    beforeEach(async () => {
      slow = closing(await proxy({registry: openRegistry, pauseMilliseconds: 10}))
    })

    const throughEngine = ['--via', 'engine']
    const stages: readonly (readonly [stage: string, shows: RegExp, flags: readonly string[]])[] = [
      ['measuring', /Measuring the mounts …/, []],
      ['reading', /Reading the container …/, []],
      ['pushing', /Pushing \S+ … [^\n]*MB of/, []],
      ['listing', /Listing the files …/, throughEngine],
      ['writing', /Writing the image …/, throughEngine],
      ['the engine pushes', /Pushing \S+ … [^\n]*MB of/, throughEngine],
    ]
    for (const [stage, pattern, flags] of stages) {
      it(`while ${stage}`, async () => {
        const engine = await watched()
        const repository = `keg/${uniqueName('interrupted')}`
        const name = sandbox.addImage(`${slow.registry}/${repository}:dev`)
        const running = await kegOnTerminal(['docker', 'package', large, '-t', name, ...flags], {
          DOCKER_HOST: engine.host,
        })
        await running.shows(pattern)
        running.press(ctrlC)
        const {code, leftovers, shown} = await running.ended
        expect(code, shown).to.equal(130)
        expect(shown).to.match(/Error: Stopped by SIGINT\.\r\nEverything temporary has been removed\.\r\n$/)
        expect(await stateOf(large)).to.equal('running false')
        expect(await madeBy(engine)).to.deep.equal([])
        expect(leftovers).to.deep.equal([])
        expect((await manifestOf(openRegistry, repository, 'dev')).status, 'the tag in the registry').to.equal(404)
      })
    }

    it('unpauses the container when the terminal is closed while it is read', async () => {
      let closed: string | undefined
      const engine = await watched({
        async arriving({line}) {
          if (!/^POST \/commit$/.test(line)) return
          closed = await stateOf(large)
          await running.shows(/Reading the container …/)
          running.close()
          await untilItIsNoticed()
        },
      })
      const running = await kegOnTerminal(['docker', 'package', large, '-t', 'dev'], {DOCKER_HOST: engine.host})
      await running.gone()
      expect(closed, 'the state when the terminal was closed').to.equal('paused true')
      expect(await stateOf(large)).to.equal('running false')
      expect(await madeBy(engine)).to.deep.equal([])
    })

    for (const [how, code] of [
      ['Ctrl-C', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`at a question, by ${how}`, async () => {
        const asked = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
        await docker(['exec', asked, 'dd', 'if=/dev/zero', 'of=/data/sparse', 'bs=1', 'count=1', 'seek=1200000000'])
        const engine = await watched()
        const running = await kegOnTerminal(['docker', 'package', asked, '-t', 'dev'], {DOCKER_HOST: engine.host})
        await running.shows(/Package them\?/)
        if (how === 'Ctrl-C') running.press(ctrlC)
        else process.kill(running.pid, how)
        const ended = await running.ended
        expect(ended.code, ended.shown).to.equal(code)
        expect(ended.shown).to.contain(`Error: Stopped by ${how === 'Ctrl-C' ? 'SIGINT' : how}.`)
        expect(await stateOf(asked)).to.equal('running false')
        expect(await madeBy(engine)).to.deep.equal([])
      })
    }
  })

  it('leaves a container paused that its user had paused @classic', async () => {
    await docker(['pause', container])
    try {
      for (const [signal, place] of [
        ['SIGINT', /^POST \/commit/],
        ['SIGTERM', /^GET .*\/archive$/],
      ] as const) {
        const engine = await watched({
          async arriving({line}) {
            if (!place.test(line)) return
            running.kill(signal)
            await untilItIsNoticed()
          },
        })
        const running = await startKeg(line(), {env: {DOCKER_HOST: engine.host}})
        const result = await running.ended
        expect(result.code, result.stderr).to.equal(codes[signal])
        expect(await stateOf(container)).to.equal('paused true')
        expect(engine.requests.filter(({line}) => /pause$/.test(line))).to.deep.equal([])
        expect(await madeBy(engine)).to.deep.equal([])
      }
    } finally {
      await docker(['unpause', container])
    }
  })

  it('at any moment @containerd', async () => {
    const engine = await watched()
    const startedAt = performance.now()
    const whole = await (await startKeg(line(), {env: {DOCKER_HOST: engine.host}})).ended
    const duration = performance.now() - startedAt
    await expectAllOrNothing(whole, 'SIGINT', engine, 'never stopped')
    const times = 6
    for (let time = 0; time < times; time++) {
      const signal = signals[time % signals.length] ?? 'SIGINT'
      const milliseconds = Math.round((duration * (time + Math.random())) / times)
      const via = Math.random() < 0.5 ? [] : ['--via', 'engine']
      const running = await startKeg(line(...via), {env: {DOCKER_HOST: engine.host}})
      await wait(milliseconds)
      running.kill(signal)
      await expectAllOrNothing(
        await running.ended,
        signal,
        engine,
        `${signal} after ${milliseconds} ms ${via.join(' ')}`,
      )
    }
  })
})

/**
 * Counts the steps of a run: every change of the engine, and each kind of question before, during and after the pause. Repeated
 * questions in the same phase end in the same way.
 */
class StepCount {
  readonly #kinds = new Set<string>()
  steps = 0

  isNext({line}: EngineRequest): boolean {
    const kind = line.replaceAll(/[0-9a-f]{64}/g, 'ID')
    const isChange = !/^(GET|HEAD) /.test(line)
    if (/pause$/.test(line)) this.#kinds.clear()
    if (!isChange && this.#kinds.has(kind)) return false
    this.#kinds.add(kind)
    this.steps++
    return true
  }
}

/** A process handles a signal with a delay: without waiting, it would do so at a later request. */
function untilItIsNoticed(): Promise<void> {
  return wait(20)
}
