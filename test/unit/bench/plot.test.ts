import {expect} from 'chai'
import {plot} from '../../../bench/support/plot.js'
import {dataSetOf, growthOf, roundOf} from './results.js'

describe('the plot of the benchmarks', () => {
  const textsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
  const shapesOf = (svg: string, name: string) => svg.split('\n').filter((line) => line.includes(`class="${name}"`))

  it('has a bar for each goal and data set, as long as its part of the goal', () => {
    const svg = plot({dataSets: [dataSetOf([roundOf(1)])], growth: []})
    expect(shapesOf(svg, 'met')).to.have.length(7)
    expect(shapesOf(svg, 'missed')).to.have.length(0)
    expect(shapesOf(svg, 'goal')).to.have.length(7)
    expect(shapesOf(svg, 'met')[0]).to.include('x="130"').and.include('width="120"')
    expect(textsOf(svg)).to.include.members([
      'time / archive, commit twice, push: at most 0.2',
      'small',
      '0.10',
      '150.0 MB',
    ])
  })

  it('shows what misses a goal, and cuts off what is far from it', () => {
    const svg = plot({dataSets: [dataSetOf([roundOf(3), roundOf(9), roundOf(9)])], growth: []})
    expect(shapesOf(svg, 'missed')[0]).to.include('width="480"')
    expect(textsOf(svg)).to.include('→ 0.90, missed')
    expect(shapesOf(svg, 'range')).to.have.length(4)
  })

  it('has a line for the growth, and a straight one beside it', () => {
    const svg = plot({dataSets: [], growth: [growthOf([1, 2, 12])]})
    expect(shapesOf(svg, 'line')).to.deep.equal(['<polyline class="line" points="62.7,228.5 87,221 330,146"/>'])
    expect(svg).to.include('stroke-dasharray="4 4" x1="62.7" y1="228.5" x2="330" y2="146"')
    expect(textsOf(svg)).to.include.members(['20', '10,000', '100,000'])
  })

  it('has its texts escaped, colours for dark pages, and nothing for what was not measured', () => {
    const svg = plot({
      dataSets: [dataSetOf([roundOf(1)], {name: 'a<b'})],
      growth: [{...growthOf([1, 2, 3]), steps: []}],
    })
    expect(textsOf(svg)).to.include('a&lt;b')
    expect(svg).to.include('prefers-color-scheme: dark')
    expect(plot({dataSets: [], growth: []})).to.not.include('NaN')
    expect(svg).to.not.include('NaN')
  })
})
