import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {docker, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegResult} from '../../support/keg.js'
import {stateOf, watchEngine} from '../package/watched-engine.js'
import {expectClearError, OwnBed} from './own-bed.js'

/** When the engine dies: at a request (after another), before it gets it, after it has done it, or during it. */
type Stage = readonly [stage: string, place: RegExp, moment: 'arriving' | 'answered' | 'under way', after?: RegExp]

/** How long keg may take to notice that the engine is gone and to give up, in milliseconds. */
const patience = 10_000

describe('an engine, killed @containerd', function () {
  this.timeout(120_000)

  let bed: OwnBed
  let registry: Awaited<ReturnType<typeof startRegistry>>
  let reference: string
  let earlier: string

  before(async () => {
    registry = await startRegistry()
    bed = await OwnBed.start({megabytes: 24})
    reference = `${registry.address}/keg/${uniqueName('killed')}:dev`
    earlier = await bed.earlier(reference)
  })

  after(async () => {
    await bed.stop()
    await registry.stop()
  })

  /** Runs keg until the engine dies, and restarts the engine when keg has exited. */
  async function killedAt([, place, moment, after]: Stage, line: readonly string[]): Promise<KegResult> {
    let diedAt: number | undefined
    let isReached = false
    const kill = async (): Promise<void> => {
      await bed.engine.kill()
      watched.hangUp()
    }
    const at = async ({line: request}: {line: string}): Promise<void> => {
      isReached ||= after === undefined || after.test(request)
      if (diedAt !== undefined || !isReached || !place.test(request)) return
      diedAt = performance.now()
      if (moment === 'under way') void wait(30).then(kill)
      else await kill()
    }
    const watched = await watchEngine({[moment === 'under way' ? 'arriving' : moment]: at})
    try {
      const result = await (await startKeg(line, {env: {DOCKER_HOST: watched.host}})).ended
      expect(diedAt, `the engine was asked for ${String(place)}: ${result.stderr}`).not.to.equal(undefined)
      expect(performance.now() - (diedAt ?? 0), 'ms until keg gave up').to.be.below(patience)
      return result
    } finally {
      await bed.engine.kill()
      await watched.close()
      await bed.engine.start()
    }
  }

  function expectLost(result: KegResult, stage: string): void {
    expectClearError(result, 4, stage)
    expect(result.stderr, stage).to.match(/^Error: The Docker engine at \S+ went away( while \S+ was paused)?\.$/m)
    expect(result.stderr, stage).to.match(/^Start it again\. .*: keg doctor --fix$/m)
  }

  describe('while keg packages', () => {
    const line = (via: 'engine' | 'registry' = 'registry'): string[] => [
      ...['docker', 'package', bed.container, '-t', reference, '--replace-tag', '--via', via],
    ]

    const stages: readonly Stage[] = [
      ['measuring the mounts', /^GET .*\/archive$/, 'under way'],
      ['taking the lock', /^POST \/containers\/create$/, 'answered'],
      ['pausing', /\/pause$/, 'arriving'],
      ['pausing, done', /\/pause$/, 'answered'],
      ['committing', /^POST \/commit$/, 'under way'],
      ['committing, done', /^POST \/commit$/, 'answered'],
      ['letting go on', /\/unpause$/, 'arriving'],
      ['letting go on, done', /\/unpause$/, 'answered'],
      ['reading the commit to push it', /^GET \/images\/(?:.*\/)?get$/, 'under way'],
    ]
    const engineStages: readonly Stage[] = [
      ['writing', /^POST \/images\/load$/, 'under way'],
      ['writing, done', /^POST \/images\/load$/, 'answered'],
      ['naming', /\/tag$/, 'arriving'],
      ['naming, done', /\/tag$/, 'answered'],
      ['pushing', /\/push$/, 'under way'],
    ]
    for (const [stage, via] of [
      ...stages.map((each) => [each, 'registry'] as const),
      ...engineStages.map((each) => [each, 'engine'] as const),
    ])
      it(`(${stage[0]}) makes keg fail with a clear error, and everything can be fixed`, async () => {
        const [name] = stage
        expectLost(await killedAt(stage, line(via)), name)
        await bed.expectTold(name)
        await bed.settleName(reference, earlier, name)
        await bed.expectMended(name)
      })

    it('and restarted, packages as before', async () => {
      for (const via of ['registry', 'engine'] as const) {
        const {code, stderr} = await keg(line(via))
        expect(code, stderr).to.equal(0)
        if (via === 'registry') await docker(['pull', '--quiet', reference])
        expect(await bed.settleName(reference, earlier, 'packaged again')).to.equal('package')
      }
      await bed.expectMendedByDoctor('packaged again')
    })

    it('(cleaning up) keeps the finished package, and keg says what may be left', async () => {
      const lastOfAll = /^DELETE \/containers\/[^/]+$/
      const {code, stderr, stdout} = await killedAt(
        ['', lastOfAll, 'arriving', /\/tag$/],
        [...line('engine'), '--no-push'],
      )
      expect(code, stderr).to.equal(0)
      expect(stdout).to.contain(reference)
      expect(stderr).to.match(/^Warning: Something temporary is left\b.*: keg doctor --fix$/m)
      expect(await bed.settleName(reference, earlier, 'cleaning up')).to.equal('package')
      await bed.expectMendedByDoctor('cleaning up')
    })
  })

  describe('while keg runs a package', () => {
    let shared: string

    before(async () => {
      shared = `${registry.address}/keg/${uniqueName('shared')}:one`
      const {code, stderr} = await keg(['docker', 'package', bed.container, '-t', shared, '--replace-tag'])
      expect(code, stderr).to.equal(0)
      await bed.remember()
    })

    const stages: readonly Stage[] = [
      ['pulling', /^POST \/images\/create$/, 'under way'],
      ['making the container', /^POST \/containers\/create$/, 'arriving'],
      ['making the container, done', /^POST \/containers\/create$/, 'answered'],
      ['starting', /\/start$/, 'arriving'],
      ['starting, done', /\/start$/, 'answered'],
    ]
    for (const stage of stages)
      it(`(${stage[0]}) makes keg fail with a clear error, and everything can be fixed`, async () => {
        const [name] = stage
        expectLost(await killedAt(stage, ['docker', 'package', 'run', shared]), name)
        await bed.fix()
        // A pulled package may stay.
        await docker(['image', 'rm', shared]).catch(() => undefined)
        await bed.expectMended(name)
      })

    it('and restarted, runs it', async () => {
      const {stderr, stdout} = await keg(['docker', 'package', 'run', shared, '--', 'cat', '/own'])
      expect(stdout, stderr).to.equal('own\n')
      await docker(['image', 'rm', shared])
      await bed.expectMended('run again')
    })

    it('(running it) makes keg fail with a clear error, and the container is found', async () => {
      const running = await startKeg(['docker', 'package', 'run', shared])
      await running.said(/^Started /m)
      await bed.engine.kill()
      const result = await running.ended
      await bed.engine.start()
      expectLost(result, 'running')
      await bed.fix()
      await docker(['image', 'rm', shared])
      await bed.expectMendedByDoctor('running')
    })
  })

  it('without live-restore leaves the container stopped, and it can be packaged so', async () => {
    const own = await OwnBed.start({settings: {'live-restore': false}})
    try {
      const name = `${uniqueName('stopped')}:one`
      const watched = await watchEngine({
        async answered({line}) {
          if (!/\/pause$/.test(line)) return
          await own.engine.kill()
          watched.hangUp()
        },
      })
      const line = ['docker', 'package', own.container, '-t', name, '--replace-tag']
      const killed = await keg(line, {env: {DOCKER_HOST: watched.host}})
      await watched.close()
      expectLost(killed, 'paused')
      await own.engine.start()
      expect(await stateOf(own.container)).to.equal('exited false')
      const next = await keg(line)
      expect(next.code, next.stderr).to.equal(0)
      expect(next.stderr).not.to.contain('is paused')
      await own.expectWhole(name, 'stopped')
      await docker(['image', 'rm', name])
      await docker(['start', own.container])
      await own.expectMended('stopped')
    } finally {
      await own.stop()
    }
  })
})
