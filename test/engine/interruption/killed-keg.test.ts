import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {docker, uniqueName} from '../../support/docker.js'
import {startKeg} from '../../support/keg.js'
import {stateOf, watchEngine, type EngineRequest} from '../package/watched-engine.js'
import {OwnBed, untilEngineIsIdle, untilItIsNoticed} from './own-bed.js'

type Moment = 'answered' | 'arriving'

describe('keg, killed @each-store', function () {
  this.timeout(300_000)

  let bed: OwnBed
  let registry: Awaited<ReturnType<typeof startRegistry>>
  /** The name for the packages, and the image that has it before. */
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
   * Starts keg and kills it after the engine has made one of the changes, before keg knows.
   * @returns the request; undefined if there were fewer.
   */
  async function killAfter(change: number, line: readonly string[]): Promise<EngineRequest | undefined> {
    let changes = 0
    let killedAt: EngineRequest | undefined
    const kill = async (request: EngineRequest): Promise<void> => {
      if (!isChange(request) || changes++ !== change) return
      killedAt = request
      running.kill('SIGKILL')
      await running.ended
      await untilItIsNoticed()
    }
    const watched = await watchEngine({answered: kill})
    const running = await startKeg(line, {env: {DOCKER_HOST: watched.host}})
    const {code, stderr} = await running.ended
    await watched.close()
    expect(code, stderr).to.equal(killedAt === undefined ? 0 : 137)
    return killedAt
  }

  /**
   * Kills keg after each change in turn, and checks what is left: between two changes it is the same at any moment. The two
   * image stores share the changes among them.
   */
  async function killAfterEach(
    line: readonly string[],
    {atLeast, look}: {atLeast: number; look: (when: string) => Promise<void>},
  ): Promise<void> {
    for (let change = bed.kind === 'classic' ? 0 : 1; ; change += 2) {
      const killedAt = await killAfter(change, line)
      await look(`killed after change ${change}: ${killedAt?.line ?? 'none'}`)
      if (killedAt !== undefined) continue
      expect(change, 'changes').to.be.at.least(atLeast)
      return
    }
  }

  describe('while it packages', () => {
    const line = (...flags: string[]): string[] => [
      'docker',
      'package',
      bed.container,
      '-t',
      reference,
      '--replace-tag',
      ...flags,
    ]

    async function killedAt(place: RegExp, moment: Moment, ...flags: string[]): Promise<void> {
      const watched = await watchEngine({
        async [moment]({line: request}: EngineRequest) {
          if (!place.test(request)) return
          running.kill('SIGKILL')
          await running.ended
          await untilItIsNoticed()
        },
      })
      const running = await startKeg(line(...flags), {env: {DOCKER_HOST: watched.host}})
      const {code, stderr} = await running.ended
      await watched.close()
      expect(code, stderr).to.equal(137)
    }

    for (const [via, atLeast] of [
      ['registry', 10],
      ['engine', 15],
    ] as const)
      it(`after each change (via ${via}), leaves nothing that is half done or cannot be found`, () =>
        killAfterEach(line('--via', via), {
          atLeast,
          async look(when) {
            await bed.expectTold(when)
            await bed.settleName(reference, earlier, when)
            await bed.expectMended(when)
          },
        }))

    for (const [stage, place] of [
      ['is paused', /^POST \/commit$/],
      ['has an image without a name', /\/tag$/],
    ] as const)
      it(`while the container ${stage}, leaves what keg doctor --fix finds @classic`, async () => {
        await using writer = await bed.writer()
        await killedAt(place, 'arriving', '--pause-writers', '--via', 'engine')
        await bed.expectMendedByDoctor(stage)
        expect(await stateOf(writer.id), 'what writes into its mounts').to.equal('running false')
      })

    it('at any moment @classic', async () => {
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
        // The registry has nothing under the name, or a whole package.
        const isPushed = await docker(['pull', '--quiet', reference]).then(
          () => true,
          () => false,
        )
        if (isPushed) await bed.settleName(reference, earlier, when)
      }
    })

    it('takes nothing from another package made at the same time @classic', async () => {
      const other = await docker(['run', '-d', '-v', '/data', reference, 'sleep', '100000'])
      let looked: string | undefined
      const watched = await watchEngine({
        async arriving({line: request}) {
          if (looked !== undefined || !/^POST \/(commit|images\/load)$/.test(request)) return
          if (request.endsWith('load')) looked = request
          for (const place of [/\/pause$/, /\/load$/]) {
            await killedAt(place, 'answered', '--via', 'engine')
            await bed.fix()
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

  describe('while it runs a package @classic', () => {
    let shared: string

    before(async () => {
      shared = `${registry.address}/keg/${uniqueName('shared')}:one`
      const {code, stderr} = await (
        await startKeg(['docker', 'package', bed.container, '-t', shared, '--replace-tag'])
      ).ended
      expect(code, stderr).to.equal(0)
      await docker(['pull', '--quiet', shared])
      await bed.remember()
    })

    it('after each change, leaves no container of it in the foreground', () =>
      killAfterEach(['docker', 'package', 'run', shared, '--', 'cat', '/own'], {
        atLeast: 2,
        look: (when) => bed.expectMended(when),
      }))

    it('after each change, leaves a running container or none with --detach', () => {
      const line = ['docker', 'package', 'run', shared, '--detach', '--wait', '0', '--name', 'review']
      return killAfterEach(line, {
        atLeast: 2,
        async look(when) {
          await bed.fix()
          const left = (await bed.inside()).filter(
            (row) => row.startsWith('container ') && !row.includes(bed.container),
          )
          if (left.length > 0) expect(left.join(), when).to.match(/^container [0-9a-f]{64} Up$/)
          await docker(['rm', '--force', '--volumes', 'review']).catch(() => undefined)
          await bed.expectMended(when)
        },
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

/** Whether a request changes the engine; waiting for a container's exit and attaching to it do not. */
function isChange({line}: EngineRequest): boolean {
  return !/^(GET|HEAD) |\/(attach|wait)$/.test(line)
}
