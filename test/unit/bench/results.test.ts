import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {mergeResults, readResults, saveResults} from '../../../bench/support/results.js'
import {dataSetOf, growthOf, roundOf} from './results.js'

describe('results of the benchmarks', () => {
  const [one, two] = [dataSetOf([roundOf(1)]), dataSetOf([roundOf(2)], {name: 'large'})]

  it('of several runs are together, the later ones in the place of the same before', () => {
    const later = dataSetOf([roundOf(3)])
    const merged = mergeResults({dataSets: [one, two], growth: []}, {dataSets: [later], growth: [growthOf([1, 2, 3])]})
    expect(merged).to.deep.equal({dataSets: [later, two], growth: [growthOf([1, 2, 3])]})
  })

  describe('in a file', () => {
    let folder: string
    let before: string | undefined

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'keg-test-results-'))
      before = process.env.BENCH_OUTPUT
    })

    afterEach(async () => {
      if (before === undefined) delete process.env.BENCH_OUTPUT
      else process.env.BENCH_OUTPUT = before
      await rm(folder, {recursive: true})
    })

    it('are added to those that are there', async () => {
      const file = join(folder, 'results.json')
      expect(await readResults(file)).to.deep.equal({dataSets: [], growth: []})
      process.env.BENCH_OUTPUT = file
      await saveResults({dataSets: [one]})
      await saveResults({dataSets: [two]})
      expect(await readResults(file)).to.deep.equal({dataSets: [one, two], growth: []})
    })
  })
})
