import {expect} from 'chai'
import {runCheck} from '../../../src/lib/doctor/check.js'
import {FailedError, InterruptedError} from '../../../src/lib/error/keg-error.js'
import {thrown} from '../../support/thrown.js'

const subject = {id: 'thing', title: 'a thing'}
const forever = new AbortController().signal

describe('a check', () => {
  it('has what was found, and every field', async () => {
    const check = await runCheck({signal: forever}, subject, () => Promise.resolve({status: 'ok', detail: 'here'}), {
      timeoutMilliseconds: 1000,
    })
    expect(check).to.deep.equal({...subject, status: 'ok', detail: 'here', notes: [], remedy: null, data: {}})
  })

  it('that fails is a finding, with the hint as the remedy', async () => {
    const error = new FailedError('It broke.', {code: 'broken', hint: 'Mend it.'})
    const check = await runCheck({signal: forever}, subject, () => Promise.reject(error), {timeoutMilliseconds: 1000})
    expect(check).to.include({status: 'problem', detail: 'It broke.', remedy: 'Mend it.'})
    expect(check.data).to.deep.equal({error: 'broken'})
  })

  it('that throws an unexpected error is a finding too, without control characters', async () => {
    const work = () => Promise.reject(new TypeError('odd\u001B[31m'))
    const check = await runCheck({signal: forever}, subject, work, {timeoutMilliseconds: 1000})
    expect(check).to.include({status: 'problem', detail: 'odd?[31m', remedy: null})
  })

  it('that takes too long is aborted and not waited for, even if it ignores that', async () => {
    let ended = false
    const work = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (ended = true))
      return new Promise<never>(() => undefined)
    }
    const startedAt = performance.now()
    const check = await runCheck({signal: forever}, subject, work, {timeoutMilliseconds: 50})
    expect(performance.now() - startedAt).to.be.below(30_000)
    expect(check.status).to.equal('problem')
    expect(check.detail).to.include('0.05 s').and.include('a thing')
    expect(check.data).to.deep.equal({error: 'check-timeout'})
    expect(ended).to.equal(true)
  })

  it('ends with the reason of the caller’s signal', async () => {
    const stop = new AbortController()
    const looking = runCheck({signal: stop.signal}, subject, () => new Promise<never>(() => undefined), {
      timeoutMilliseconds: 60_000,
    })
    const reason = new InterruptedError('SIGINT')
    stop.abort(reason)
    expect(await thrown(looking)).to.equal(reason)
  })
})
