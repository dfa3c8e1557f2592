import {expect} from 'chai'
import {Slots} from '../../../src/lib/async/slots.js'
import {thrown} from '../../support/thrown.js'

describe('slots', () => {
  it('let only so many works run at once, in their order', async () => {
    const slots = new Slots(2)
    const started: number[] = []
    const ends: (() => void)[] = []
    const works = [0, 1, 2, 3].map((index) =>
      slots.run(async () => {
        started.push(index)
        await new Promise<void>((resolve) => ends.push(resolve))
        return index
      }),
    )
    await Promise.resolve()
    expect(started).to.deep.equal([0, 1])
    ends[1]?.()
    await works[1]
    await Promise.resolve()
    expect(started).to.deep.equal([0, 1, 2])
    ends[0]?.()
    await works[0]
    await new Promise(setImmediate)
    ends[2]?.()
    ends[3]?.()
    expect(await Promise.all(works)).to.deep.equal([0, 1, 2, 3])
  })

  it('are free again after a failure', async () => {
    const slots = new Slots(1)
    const broken = new Error('broken')
    expect(await thrown(slots.run(() => Promise.reject(broken)))).to.equal(broken)
    expect(await slots.run(() => Promise.resolve('next'))).to.equal('next')
  })
})
