import {expect} from 'chai'
import {setTimeout as sleep} from 'node:timers/promises'
import {OneAtATime} from '../../../src/lib/async/one-at-a-time.js'

describe('OneAtATime', () => {
  it('never runs twice at once, and runs once more for all requests made meanwhile', async () => {
    let [running, most, done] = [0, 0, 0]
    const work = new OneAtATime(
      async () => {
        most = Math.max(most, ++running)
        await sleep(5)
        running--
        done++
      },
      (error) => expect.fail(String(error)),
    )
    for (let asked = 0; asked < 5; asked++) work.request()
    await work.settled()
    expect({most, done}).to.deep.equal({most: 1, done: 2})
    work.request()
    await work.settled()
    expect({most, done}).to.deep.equal({most: 1, done: 3})
  })

  it('reports what its work throws', async () => {
    const failures: unknown[] = []
    const error = new Error('no')
    const work = new OneAtATime(
      async () => Promise.reject(error),
      (failure) => failures.push(failure),
    )
    work.request()
    await work.settled()
    expect(failures).to.deep.equal([error])
  })
})
