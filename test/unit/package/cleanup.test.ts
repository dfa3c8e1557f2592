import {expect} from 'chai'
import {Cleanup} from '../../../src/lib/package/cleanup.js'
import {thrown} from '../../support/thrown.js'

/** Something to be taken away, that notes when it begins and ends to go. */
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
  it('takes things away one after the other, the last first', async () => {
    const log: string[] = []
    const cleanup = new Cleanup()
    for (const name of ['a', 'b', 'c']) cleanup.use(resource(name, log))
    expect(log).to.deep.equal([])
    await cleanup[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['c goes', 'c is gone', 'b goes', 'b is gone', 'a goes', 'a is gone'])
  })

  it('gives back what it is to keep', () => {
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

  it('takes away what came while it was at work, and nothing twice', async () => {
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
