import {expect} from 'chai'
import {once} from 'node:events'
import {LateSignal} from '../../../src/lib/async/late-signal.js'

describe('a late signal', () => {
  const reason = new Error('stopped')

  it('is aborted after the other one, for the same reason', async () => {
    for (const isBefore of [true, false]) {
      const first = new AbortController()
      if (isBefore) first.abort(reason)
      using late = new LateSignal(first.signal, 5)
      first.abort(reason)
      expect(late.signal.aborted).to.equal(false)
      await once(late.signal, 'abort')
      expect(late.signal.reason).to.equal(reason)
    }
  })

  it('is not aborted once it is disposed of', async () => {
    const first = new AbortController()
    const late = new LateSignal(first.signal, 0)
    const other = new LateSignal(first.signal, 1)
    late[Symbol.dispose]()
    first.abort(reason)
    await once(other.signal, 'abort')
    expect(late.signal.aborted).to.equal(false)
  })
})
