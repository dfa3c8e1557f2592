import {expect} from 'chai'
import {Moment} from '../../../../src/lib/package/capture/moment.js'
import {thrown} from '../../../support/thrown.js'

describe('a moment of several containers', () => {
  it('begins once all are ready, and each step once all have done the one before', async () => {
    const moment = new Moment(3, new AbortController().signal)
    const seen: string[] = []
    const one = async (name: string): Promise<void> => {
      await moment.ready()
      seen.push(`${name} pauses`)
      await moment.paused()
      seen.push(`${name} is read`)
      await moment.read()
      seen.push(`${name} goes on`)
    }
    const running = ['a', 'b'].map(one)
    await new Promise(setImmediate)
    expect(seen).to.deep.equal([])
    await Promise.all([...running, one('c')])
    expect(seen.map((text) => text.slice(2))).to.deep.equal([
      ...Array<string>(3).fill('pauses'),
      ...Array<string>(3).fill('is read'),
      ...Array<string>(3).fill('goes on'),
    ])
    expect(moment.spreadMilliseconds).to.be.at.least(0)
  })

  it('ends for all when one fails', async () => {
    const stop = new AbortController()
    const moment = new Moment(2, stop.signal)
    const waiting = moment.ready()
    const reason = new Error('the other failed')
    stop.abort(reason)
    expect(await thrown(waiting)).to.equal(reason)
    expect(await thrown(moment.paused())).to.equal(reason)
  })

  it('has no spread if nothing was paused', () => {
    expect(new Moment(1, new AbortController().signal).spreadMilliseconds).to.equal(0)
  })
})
