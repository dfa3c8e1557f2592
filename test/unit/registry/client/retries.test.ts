import {expect} from 'chai'
import {retryAfter} from '../../../../src/lib/registry/client/answer-failure.js'
import {LIMITS} from '../../../../src/lib/registry/client/limits.js'
import {Retries} from '../../../../src/lib/registry/client/retries.js'
import {thrown} from '../../../support/thrown.js'

const {signal} = new AbortController()

describe('Retries', () => {
  it('waits longer each time, and ends after some tries', async () => {
    const retries = new Retries({...LIMITS, tries: 4, delayMilliseconds: 40}, signal)
    const waits: number[] = []
    for (;;) {
      const startedAt = performance.now()
      if (!(await retries.next())) break
      waits.push(performance.now() - startedAt)
    }
    expect(waits).to.have.length(3)
    for (const [index, wait] of waits.entries())
      expect(wait).to.be.within(0.5 * 40 * 2 ** index - 2, 40 * 2 ** index + 5000)
  })

  it('waits as long as the registry asks, but not for too long', async () => {
    const retries = new Retries({...LIMITS, totalDelayMilliseconds: 20_000}, signal)
    const startedAt = performance.now()
    expect(await new Retries({...LIMITS, delayMilliseconds: 1}, signal).next(100)).to.equal(true)
    expect(performance.now() - startedAt).to.be.at.least(98)
    expect(await retries.next(20_001)).to.equal(false)
    expect(performance.now() - startedAt).to.be.below(20_000)
  })

  it('counts anew after a reset', async () => {
    const retries = new Retries({...LIMITS, tries: 2, delayMilliseconds: 1}, signal)
    expect(await retries.next()).to.equal(true)
    expect(await retries.next()).to.equal(false)
    retries.reset()
    expect(await retries.next()).to.equal(true)
  })

  it('ends waiting at once when aborted, with the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 30)
    const startedAt = performance.now()
    expect(await thrown(new Retries(LIMITS, controller.signal).next(20_000))).to.equal(reason)
    expect(performance.now() - startedAt).to.be.below(20_000)
  })
})

describe('retryAfter', () => {
  it('reads seconds and dates, by the clock of the server', () => {
    expect(retryAfter({'retry-after': '7'})).to.equal(7000)
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
    expect(retryAfter({'retry-after': 'Wed, 21 Oct 2015 07:28:09 GMT', date})).to.equal(9000)
    expect(retryAfter({'retry-after': date})).to.equal(0)
    for (const value of ['-1', 'soon', '', '1e9']) expect(retryAfter({'retry-after': value}), value).to.equal(undefined)
    expect(retryAfter({})).to.equal(undefined)
  })
})
