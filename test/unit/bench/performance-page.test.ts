import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect} from 'chai'
import {chooseDataSets, dataSets} from '../../../bench/support/data-sets.js'
import {exampleOf, readPage, repository} from '../../support/pages.js'

describe('docs/performance.md', () => {
  const page = 'docs/performance.md'
  const example = exampleOf(page, 'npm run bench').text
  const sources = readdirSync(join(repository, 'bench'), {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(repository, 'bench', file), 'utf8'))
    .join('\n')

  it('names benchmarks that are there', () => {
    const names = [...example.matchAll(/npm run bench -- ([\w ]+?) *(?:#|$)/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    )
    expect(names).to.include.members(['registry', 'growth'])
    expect(readdirSync(join(repository, 'bench'))).to.include.members(names.map((name) => `${name}.bench.ts`))
  })

  it('names the variables that they read, and no others', () => {
    const variables = (text: string) => [...new Set(text.match(/\bBENCH_[A-Z]+\b/g))].sort()
    expect(variables(readPage(page))).to.deep.equal(variables(sources))
  })

  it('names the data sets', () => {
    const named = /^\| `BENCH_DATA` \| [^:]*: (.*) \(/m.exec(readPage(page))?.[1]
    expect(named).to.equal(dataSets.map(({name}) => `\`${name}\``).join(', '))
    const chosen = /BENCH_DATA=(\S+)/.exec(example)?.[1]
    expect(chooseDataSets(chosen).map(({name}) => name)).to.deep.equal(['small'])
    expect(chooseDataSets('')).to.have.length(dataSets.length)
    expect(() => chooseDataSets('tiny')).to.throw('small, node_modules, postgres, large')
  })
})
