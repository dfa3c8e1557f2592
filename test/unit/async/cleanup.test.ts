import {expect} from 'chai'
import {Cleanup} from '../../../src/lib/async/cleanup.js'
import {thrown} from '../../support/thrown.js'

/** A resource that logs the start and end of its removal. */
function resource(name: string, log: string[], failure?: Error): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      log.push(`${name} goes`)
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (failure !== undefined) throw failure
      log.push(`${name} is gone`)
    },
  }
}

describe('cleanup', () => {
  it('removes resources one after the other, the last first', async () => {
    const log: string[] = []
    const cleanup = new Cleanup()
    for (const name of ['a', 'b', 'c']) cleanup.use(resource(name, log))
    expect(log).to.deep.equal([])
    await cleanup[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['c goes', 'c is gone', 'b goes', 'b is gone', 'a goes', 'a is gone'])
  })

  it('returns the resource that it is given', () => {
    const kept = resource('a', [])
    expect(new Cleanup().use(kept)).to.equal(kept)
  })

  it('tries all, and throws the first error', async () => {
    const log: string[] = []
    const cleanup = new Cleanup()
    const [first, second] = [new Error('first'), new Error('second')]
    cleanup.use(resource('a', log))
    cleanup.use(resource('b', log, second))
    cleanup.use(resource('c', log))
    cleanup.use(resource('d', log, first))
    cleanup.use({
      [Symbol.asyncDispose]() {
        throw new TypeError('at once')
      },
    })
    expect(await thrown(cleanup[Symbol.asyncDispose]())).to.have.property('message', 'at once')
    expect(log).to.deep.equal(['d goes', 'c goes', 'c is gone', 'b goes', 'a goes', 'a is gone'])
  })

  it('removes what is added while it runs, and nothing twice', async () => {
    const log: string[] = []
    const cleanup = new Cleanup()
    cleanup.use({
      [Symbol.asyncDispose]() {
        cleanup.use(resource('late', log))
        return Promise.resolve()
      },
    })
    await cleanup[Symbol.asyncDispose]()
    await cleanup[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['late goes', 'late is gone'])
  })
})
