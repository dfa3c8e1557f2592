import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {docker, uniqueName} from '../../support/docker.js'
import {startKeg} from '../../support/keg.js'
import {watchEngine, type EngineRequest} from '../package/watched-engine.js'
import {OwnBed, untilEngineIsIdle, untilItIsNoticed} from './own-bed.js'

const moments = ['arriving', 'answered'] as const
type Moment = (typeof moments)[number]
const told = {arriving: 'before the engine has it', answered: 'before keg has the answer'} as const

describe('keg, killed', function () {
  this.timeout(300_000)

  let bed: OwnBed
  let registry: Awaited<ReturnType<typeof startRegistry>>
  /** The name that the packages get, and the image that has it before. */
  let reference: string
  let earlier: string

  before(async () => {
    registry = await startRegistry()
    bed = await OwnBed.start()
    reference = `${registry.address}/keg/${uniqueName('killed')}:dev`
    earlier = await bed.earlier(reference)
  })

  after(async () => {
    await bed.stop()
    await registry.stop()
  })

  /**
   * Starts keg and kills it at one of its requests.
   * @returns what the request was, undefined where there were not so many.
   */
  async function killAt(index: number, moment: Moment, line: readonly string[]): Promise<EngineRequest | undefined> {
    let killedAt: EngineRequest | undefined
    const kill = async (request: EngineRequest): Promise<void> => {
      if (request.index !== index) return
      killedAt = request
      running.kill('SIGKILL')
      await running.ended
      await untilItIsNoticed()
    }
    const watched = await watchEngine({[moment]: kill})
    const running = await startKeg(line, {env: {DOCKER_HOST: watched.host}})
    const {code, stderr} = await running.ended
    await watched.close()
    expect(code, stderr).to.equal(killedAt === undefined ? 0 : 137)
    return killedAt
  }

  /**
   * Kills keg at each request in turn, and looks at what is there after each. Both moments, on both kinds of engines, share the
   * requests among them, so that each request is a moment of one of them.
   */
  async function killAtEach(line: readonly string[], look: (when: string) => Promise<void>): Promise<void> {
    const first = bed.kind === 'classic' ? 0 : moments.length
    for (let round = first; ; round += 2 * moments.length)
      for (const [way, moment] of moments.entries()) {
        const index = round + way
        const killedAt = await killAt(index, moment, line)
        await look(`killed ${told[moment]}, request ${index}: ${killedAt?.line ?? 'none'}`)
        if (killedAt !== undefined) continue
        expect(index, 'requests').to.be.above(10)
        return
      }
  }

  describe('while it packages', () => {
    const line = (): string[] => ['docker', 'package', bed.container, '-t', reference]

    async function killedAt(place: RegExp, moment: Moment): Promise<void> {
      const watched = await watchEngine({
        async [moment]({line: request}: EngineRequest) {
          if (!place.test(request)) return
          running.kill('SIGKILL')
          await running.ended
          await untilItIsNoticed()
        },
      })
      const running = await startKeg(line(), {env: {DOCKER_HOST: watched.host}})
      const {code, stderr} = await running.ended
      await watched.close()
      expect(code, stderr).to.equal(137)
    }

    it('at each request leaves nothing that is half or cannot be found', () =>
      killAtEach(line(), async (when) => {
        await bed.expectTold(when)
        await bed.settleName(reference, earlier, when)
        await bed.expectMended(when)
      }))

    for (const [stage, place] of [
      ['stands still', /^POST \/commit$/],
      ['has an image without a name', /\/tag$/],
    ] as const)
      it(`while the container ${stage}, leaves what keg doctor --fix finds @once`, async () => {
        await killedAt(place, 'arriving')
        await bed.expectMendedByDoctor(stage)
      })

    it('at any moment', async () => {
      const startedAt = performance.now()
      expect((await (await startKeg(line())).ended).code).to.equal(0)
      const duration = performance.now() - startedAt
      const times = 3
      for (let time = 0; time < times; time++) {
        const milliseconds = Math.round((duration * (time + Math.random())) / times)
        const running = await startKeg(line())
        await wait(milliseconds)
        running.kill('SIGKILL')
        await running.ended
        await untilEngineIsIdle()
        const when = `killed after ${milliseconds} ms`
        await bed.settleName(reference, earlier, when)
        await bed.expectMended(when)
      }
    })

    it('takes nothing from another package that is made at that time', async () => {
      const other = await docker(['run', '-d', '-v', '/data', reference, 'sleep', '100000'])
      let looked: string | undefined
      const watched = await watchEngine({
        async arriving({line: request}) {
          if (looked !== undefined || !/^POST \/(commit|images\/load)$/.test(request)) return
          if (request.endsWith('load')) looked = request
          for (const place of [/\/pause$/, /\/load$/]) {
            await killedAt(place, 'answered')
            await bed.mend()
          }
        },
      })
      try {
        const name = uniqueName('beside')
        const lines = ['docker', 'package', other, '--name', name, '-t', 'one']
        const {code, stderr} = await (await startKeg(lines, {env: {DOCKER_HOST: watched.host}})).ended
        expect(code, stderr).to.equal(0)
        expect(looked).to.equal('POST /images/load')
        await docker(['image', 'rm', `${name}:one`])
      } finally {
        await watched.close()
        await docker(['rm', '--force', '--volumes', other])
      }
      await bed.expectMended('beside another')
    })
  })

  describe('while it runs a package', () => {
    let shared: string

    before(async () => {
      shared = `${registry.address}/keg/${uniqueName('shared')}:one`
      const {code, stderr} = await (await startKeg(['docker', 'package', bed.container, '-t', shared])).ended
      expect(code, stderr).to.equal(0)
      await bed.remember()
    })

    it('at each request leaves no container of it in the foreground', () =>
      killAtEach(['docker', 'package', 'run', shared, '--', 'cat', '/own'], (when) => bed.expectMended(when)))

    it('at each request leaves a container that runs, or none, with --detach', () => {
      const line = ['docker', 'package', 'run', shared, '--detach', '--wait', '0', '--name', 'review']
      return killAtEach(line, async (when) => {
        await bed.mend()
        const left = (await bed.inside()).filter((row) => row.startsWith('container ') && !row.includes(bed.container))
        if (left.length > 0) expect(left.join(), when).to.match(/^container [0-9a-f]{64} Up$/)
        await docker(['rm', '--force', '--volumes', 'review']).catch(() => undefined)
        await bed.expectMended(when)
      })
    })

    it('while the package runs in the foreground', async () => {
      const running = await startKeg(['docker', 'package', 'run', shared])
      await running.said(/^Started /m)
      running.kill('SIGKILL')
      await running.ended
      expect((await bed.inside()).filter((row) => row.startsWith('container '))).to.have.length(2)
      await bed.expectMended('killed while it ran')
    })
  })
})
