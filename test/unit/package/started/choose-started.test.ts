import {expect} from 'chai'
import {chooseStarted} from '../../../../src/lib/package/started/choose-started.js'
import {testWork} from '../../../support/work.js'
import {thrown} from '../../../support/thrown.js'

describe('what was started from a package', () => {
  const question = 'Which?'
  const started = ['keg-shop-a', 'keg-shop-b'].map((name) => ({name, containers: [], filters: undefined}))

  it('is found by its names, each once', async () => {
    await using work = testWork()
    const found = await chooseStarted(work, started, {question, names: ['keg-shop-b', 'keg-shop-b']})
    expect(found.map(({name}) => name)).to.deep.equal(['keg-shop-b'])
  })

  it('is not looked for if there is nothing', async () => {
    await using work = testWork()
    expect(await thrown(chooseStarted(work, [], {question, names: []}))).to.include({
      code: 'nothing-started',
      exitCode: 2,
    })
    expect(await thrown(chooseStarted(work, [], {question, names: ['x']}))).to.include({
      code: 'not-started',
      exitCode: 1,
    })
  })
})
