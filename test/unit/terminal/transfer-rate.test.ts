import {expect} from 'chai'
import {TransferRate} from '../../../src/lib/terminal/transfer-rate.js'

describe('the rate of a transfer', () => {
  it('is 0 before anything is known of it', () => {
    const rate = new TransferRate()
    expect(rate.bytesPerSecond).to.equal(0)
    rate.add(1000, 500)
    expect(rate.bytesPerSecond).to.equal(0)
  })

  it('does not count what was there when it began', () => {
    const rate = new TransferRate()
    rate.add(0, 1_000_000)
    rate.add(2000, 1_004_000)
    expect(rate.bytesPerSecond).to.equal(2000)
  })

  it('is the average of the last ten seconds, however often it is told', () => {
    for (const step of [1, 100, 999]) {
      const rate = new TransferRate()
      for (let at = 0; at <= 60_000; at += step) rate.add(at, at * 5)
      expect(rate.bytesPerSecond).to.be.closeTo(5000, 1)
      for (let at = 60_001; at <= 90_000; at += step) rate.add(at, 300_000 + (at - 60_000))
      expect(rate.bytesPerSecond, 'after it became slower').to.be.closeTo(1000, 1)
    }
  })

  it('falls while nothing moves', () => {
    const rate = new TransferRate()
    for (let at = 0; at <= 10_000; at += 500) rate.add(at, at)
    expect(rate.bytesPerSecond).to.equal(1000)
    rate.add(15_000, 10_000)
    expect(rate.bytesPerSecond).to.be.within(300, 700)
    rate.add(30_000, 10_000)
    expect(rate.bytesPerSecond).to.be.below(300)
    rate.add(40_000, 10_000)
    expect(rate.bytesPerSecond).to.equal(0)
  })

  it('is never negative', () => {
    const rate = new TransferRate()
    rate.add(0, 5000)
    rate.add(1000, 1000)
    expect(rate.bytesPerSecond).to.equal(0)
  })
})
