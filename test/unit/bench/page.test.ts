import {expect} from 'chai'
import {performanceFigures} from '../../../bench/support/page.js'
import {dataSetOf, growthOf, machine, roundOf} from './results.js'

describe('the figures of docs/performance.md', () => {
  const results = {
    dataSets: [
      dataSetOf([roundOf(1), roundOf(2), roundOf(3)]),
      dataSetOf([roundOf(4)], {name: 'large', machine: {...machine, otherWork: 0.04}}),
    ],
    growth: [growthOf([1, 2, 12])],
  }
  const lines = performanceFigures(results).split('\n')

  it('say on what they were measured', () => {
    expect(lines[0]).to.equal(
      'Measured with 2 cores and 8 GiB of memory, on Engine 20.10.24 with the classic image store, and Node v20.19.0.',
    )
    expect(lines).to.include('Just before, other work used at most 0.04 cores.')
    const busy = dataSetOf([roundOf(1)], {machine: {...machine, otherWork: 1.5}})
    expect(performanceFigures({dataSets: [busy], growth: []})).to.include('1.50 cores. The machine was busy')
    expect(lines).to.include('| small | Small files. | 20,003 entries, 180 MB | 3 |')
  })

  it('have the median and the range of each goal, in bold if it is missed', () => {
    const row = lines.find((line) => line.startsWith('| Whole job'))
    expect(row).to.equal(
      '| Whole job, in proportion to archive, commit twice, push | 0.2 | 0.20 (0.10 to 0.30) | **0.40 (0.40 to 0.40)** |',
    )
    expect(lines).to.include('Missed:')
    const missed = lines.filter((line) => line.startsWith('- '))
    expect(missed).to.deep.equal([
      '- Whole job, in proportion to archive, commit twice, push: 0.40 (large) instead of at most 0.2',
    ])
    expect(performanceFigures({...results, dataSets: results.dataSets.slice(0, 1)})).to.include('All goals are met.')
  })

  it('say where the time goes', () => {
    expect(lines).to.include('| whole job | 2.0 | 4.0 |')
    expect(lines).to.include('| of it, the container is paused | 1.2 | 1.2 |')
    expect(lines).to.include('| processors: the engine, and all else | 1.6 | 3.2 |')
    expect(lines).to.include('| processors: idle | 1.0 | 2.0 |')
  })

  it('have the cost of more files at each step', () => {
    expect(lines).to.include('| 1,000 | 1.7 | 1.0 (1.0 to 1.0) |  | 120 |')
    expect(lines).to.include('| 100,000 | 170 | 12.0 (12.0 to 12.0) | 1.11 | 120 |')
  })

  it('say why a way has none', () => {
    const {ways} = roundOf(2)
    const figures = performanceFigures({
      dataSets: [dataSetOf([roundOf(2, {ways: {...ways, skopeo: {failure: 'skopeo is not here'}}})])],
      growth: [],
    })
    expect(figures).to.include('| `skopeo copy` of the finished image | - (skopeo is not here) |')
    const rounds = [roundOf(2), roundOf(2, {ways: {...ways, skopeo: {failure: 'failed'}}})]
    const partly = performanceFigures({dataSets: [dataSetOf(rounds)], growth: []})
    expect(partly).to.include('| `skopeo copy` of the finished image | 10.0 (10.0 to 10.0), 1 of 2 failed |')
  })
})
