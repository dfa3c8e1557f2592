import {expect} from 'chai'
import {look} from '../../../src/lib/doctor/check.js'
import {FailedError, InterruptedError} from '../../../src/lib/error/keg-error.js'
import {thrown} from '../../support/thrown.js'

const subject = {id: 'thing', title: 'a thing'}
const forever = new AbortController().signal

describe('a check', () => {
  it('is what was found, with nothing left out', async () => {
    const check = await look(subject, () => Promise.resolve({status: 'ok', detail: 'here'}), {
      signal: forever,
      timeoutMilliseconds: 1000,
    })
    expect(check).to.deep.equal({...subject, status: 'ok', detail: 'here', notes: [], remedy: null, data: {}})
  })

  it('that fails is a finding, with the hint as what mends it', async () => {
    const error = new FailedError('It broke.', {code: 'broken', hint: 'Mend it.'})
    const check = await look(subject, () => Promise.reject(error), {signal: forever, timeoutMilliseconds: 1000})
    expect(check).to.include({status: 'problem', detail: 'It broke.', remedy: 'Mend it.'})
    expect(check.data).to.deep.equal({error: 'broken'})
  })

  it('that throws what it should not is a finding as well, fit to show', async () => {
    const work = () => Promise.reject(new TypeError('odd\u001B[31m'))
    const check = await look(subject, work, {signal: forever, timeoutMilliseconds: 1000})
    expect(check).to.include({status: 'problem', detail: 'odd?[31m', remedy: null})
  })

  it('that takes too long is ended and not waited for, also when it does not heed that', async () => {
    let ended = false
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (ended = true))
      return new Promise<never>(() => undefined)
    }
    const startedAt = performance.now()
    const check = await look(subject, work, {signal: forever, timeoutMilliseconds: 50})
    expect(performance.now() - startedAt).to.be.below(2000)
    expect(check.status).to.equal('problem')
    expect(check.detail).to.include('0.05 s').and.include('a thing')
    expect(check.data).to.deep.equal({error: 'check-timeout'})
    expect(ended).to.equal(true)
  })

  it('ends with the reason of a signal from outside', async () => {
    const stop = new AbortController()
    const looking = look(subject, () => new Promise<never>(() => undefined), {
      signal: stop.signal,
      timeoutMilliseconds: 60_000,
    })
    const reason = new InterruptedError('SIGINT')
    stop.abort(reason)
    expect(await thrown(looking)).to.equal(reason)
  })
})
