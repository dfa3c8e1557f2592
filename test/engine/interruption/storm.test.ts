import {expect} from 'chai'
import {randomInt} from 'node:crypto'
import {setTimeout as wait} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {docker, uniqueName} from '../../support/docker.js'
import {startKeg} from '../../support/keg.js'
import {expectClearError, OwnBed, untilEngineIsIdle} from './own-bed.js'

/** How long the storm lasts at least, in milliseconds, and how many are killed: a busy machine takes longer for them. */
const duration = 30_000
const minKills = 3

const victims = ['keg', 'engine', 'registry'] as const

/** Random numbers from 0 to 1, always the same for one seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

describe('packages, while keg, the engine and the registry are killed at random @containerd', function () {
  this.timeout(600_000)

  let bed: OwnBed
  let registry: Awaited<ReturnType<typeof startRegistry>>

  before(async () => {
    registry = await startRegistry()
    bed = await OwnBed.start({megabytes: 4})
  })

  after(async () => {
    await bed.stop()
    await registry.stop()
  })

  it('are complete or missing, and everything left is found', async () => {
    const seed = randomInt(2 ** 31)
    const next = numbers(seed)
    const reference = `${registry.address}/keg/${uniqueName('storm')}:dev`
    const earlier = await bed.earlier(reference)
    const line = ['docker', 'package', bed.container, '-t', reference, '--replace-tag']
    const startedAt = performance.now()
    const first = await (await startKeg(line)).ended
    expect(first.code, first.stderr).to.equal(0)
    const usual = performance.now() - startedAt
    await docker(['pull', '--quiet', reference])
    await bed.settleName(reference, earlier, 'in the calm')

    const seen: string[] = []
    while (seen.length < minKills || performance.now() - startedAt < duration) {
      const victim = victims[Math.floor(next() * victims.length)] ?? 'keg'
      const milliseconds = Math.round(next() * usual)
      const when = `seed ${seed}, kill ${seen.length}: ${victim} after ${milliseconds} ms`
      seen.push(victim)
      const running = await startKeg([...line, ...(next() < 0.5 ? [] : ['--via', 'engine'])])
      await wait(milliseconds)
      if (victim === 'keg') running.kill('SIGKILL')
      else await (victim === 'engine' ? bed.engine : registry).kill()
      // Engine 20.10 retries a push for almost a minute: a registry would be restarted before that.
      if (victim === 'registry') await registry.start()
      const result = await running.ended
      if (victim === 'keg') await untilEngineIsIdle()
      if (victim === 'engine') await bed.engine.start()
      if (victim === 'keg') expect(result.code, when).to.be.oneOf([0, 137])
      else if (result.code !== 0) expectClearError(result, victim === 'engine' ? 4 : 1, when)
      await bed.expectTold(when)
      await bed.settleName(reference, earlier, when)
      await bed.expectMended(when)
      if (result.code === 0) {
        await docker(['image', 'rm', reference])
        await docker(['pull', '--quiet', reference])
        await bed.settleName(reference, earlier, when)
      }
    }
  })
})
