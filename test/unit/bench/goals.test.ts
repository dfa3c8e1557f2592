import {expect} from 'chai'
import {goals, judge, marginalCosts, missedGoals} from '../../../bench/support/goals.js'
import {dataSetOf, growthOf, roundOf} from './results.js'

describe('goals of the benchmarks', () => {
  const medians = (result: Parameters<typeof judge>[1]) =>
    goals.map((goal) => {
      const median = judge(goal, result)?.spread.median
      return median === undefined ? undefined : Math.round(median * 1000) / 1000
    })

  it('compare what was measured in the same round', () => {
    expect(medians(dataSetOf([roundOf(2)]))).to.deep.equal([0.2, 0.2, 0.2, 0.05, 0.5, 1.2, 150])
    const slow = roundOf(8)
    const skopeo = {milliseconds: 40_000, registryBytes: 1}
    const rounds = [roundOf(2), {...slow, ways: {...slow.ways, skopeo}}]
    expect(medians(dataSetOf(rounds))[2]).to.equal(0.2)
  })

  it('leave out what failed, and the second package without an edit', () => {
    const failure = {failure: 'it ended with 1'}
    const {keg} = roundOf(2).ways
    const broken = roundOf(2, {ways: {keg, skopeo: failure}, pause: failure})
    expect(medians(dataSetOf([broken], {isLineEdit: false}))).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      150,
    ])
    expect(medians(dataSetOf([broken, roundOf(3)]))[2]).to.equal(0.3)
  })

  it('are missed if the median is above them', () => {
    expect(missedGoals({dataSets: [dataSetOf([roundOf(2)])], growth: []})).to.deep.equal([])
    const rounds = [roundOf(1), roundOf(3), roundOf(3)]
    const [one, other] = [dataSetOf(rounds), dataSetOf([roundOf(4)], {name: 'large'})]
    expect(missedGoals({dataSets: [one, other], growth: []})).to.deep.equal([
      'Whole job, in proportion to archive, commit twice, push: 0.30 (small), 0.40 (large) instead of at most 0.2',
    ])
  })

  it('are missed if the time grows faster than the files', () => {
    const [before, last] = marginalCosts(growthOf([1, 2, 12]))
    expect(before).to.be.closeTo(1000 / 9000, 1e-9)
    expect(last).to.be.closeTo(10_000 / 90_000, 1e-9)
    expect(missedGoals({dataSets: [], growth: [growthOf([1, 2, 12])]})).to.deep.equal([])
    expect(missedGoals({dataSets: [], growth: [growthOf([1, 2, 25])]})).to.deep.equal([
      'Time grows faster than the files: 10 times as many take 12.5 times as long',
    ])
    const growth = growthOf([1, 2, 25])
    const failed = growth.steps.map((step) => ({...step, rounds: [{failure: 'it ended with 1'}]}))
    expect(missedGoals({dataSets: [], growth: [{...growth, steps: failed}]})).to.deep.equal([])
  })
})
