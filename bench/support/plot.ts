/** The plot in docs/performance.md: each goal with what was measured as a bar, and how the time grows. Readable on light and dark pages. */
import {goals, goalText, judge, runsOf, withUnit, type Goal, type Verdict} from './goals.js'
import {spread} from './measure.js'
import type {DataSetResult, GrowthResult, Results} from './results.js'

const WIDTH = 760
const MARGIN = 16
/** Where bars begin; the names of data sets are left of it. */
const BAR_LEFT = 130
/** The length of a bar that just reaches its goal. */
const GOAL_LENGTH = 240
/** Longer bars are cut off: their value is beside them. */
const MAX_LENGTH = 2 * GOAL_LENGTH
const ROW = 18
/** About as wide as a value beside a bar. */
const NUMBER_WIDTH = 56
const PANEL = {width: 290, height: 150, left: 44}

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .small { font-size: 11px; fill: #59636e } .page { fill: #ffffff }
  .met { fill: #4493f8 } .missed { fill: #d1242f } .goal { stroke: #1f2328 } .range { stroke: #1f2328; stroke-opacity: .6 }
  .axis { stroke: #8c959f } .line { stroke: #4493f8; stroke-width: 2; fill: none } .dot { fill: #4493f8 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .page { fill: #0d1117 }
    .missed { fill: #f85149 } .goal { stroke: #e6edf3 } .range { stroke: #e6edf3 }
  }
`

/** An SVG; its texts alone say what was measured. */
export function plot({dataSets, growth}: Results): string {
  const shapes: string[] = []
  let y = 28
  shapes.push(textAt(MARGIN, y, 'What was measured, beside each goal (median and range; shorter is better)', 'title'))
  y += 16
  for (const goal of goals) {
    const judged = dataSets.flatMap((result) => {
      const verdict = judge(goal, result)
      return verdict === undefined ? [] : [{name: result.name, verdict}]
    })
    if (judged.length === 0) continue
    y += ROW
    shapes.push(textAt(MARGIN, y, `${goal.label}: at most ${goalText(goal)}`))
    const top = y + 6
    for (const {name, verdict} of judged) {
      y += ROW
      shapes.push(...bar(goal, name, verdict, y))
    }
    const at = BAR_LEFT + GOAL_LENGTH
    shapes.push(`<line class="goal" x1="${at}" y1="${top}" x2="${at}" y2="${y + 5}"/>`)
    y += 8
  }
  const drawn = growth.filter(({steps}) => steps.length > 1 && steps.every(({rounds}) => runsOf(rounds).length > 0))
  if (drawn.length > 0) {
    y += 28
    shapes.push(textAt(MARGIN, y, 'How the time grows: seconds of the whole job (dashed: a straight line)', 'title'))
    for (const [index, result] of drawn.entries())
      shapes.push(...panel(result, MARGIN + index * (PANEL.width + 2 * PANEL.left), y + 14))
    y += PANEL.height + 60
  }
  const height = y + MARGIN
  const size = `width="${WIDTH}" height="${height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label(dataSets)}">`,
    `<style>${style}</style>`,
    `<rect class="page" ${size} rx="6"/>`,
    ...shapes,
    '</svg>',
    '',
  ].join('\n')
}

function label(dataSets: readonly DataSetResult[]): string {
  return escape(`Figures of packaging with the data sets ${dataSets.map(({name}) => name).join(', ')}`)
}

function bar(goal: Goal, name: string, {isMet, spread: {max, median, min}}: Verdict, y: number): string[] {
  const lengthOf = (value: number): number => Math.min(MAX_LENGTH, (value / goal.atMost) * GOAL_LENGTH)
  const [middle, from, to] = [y - 4, BAR_LEFT + lengthOf(min), BAR_LEFT + lengthOf(max)]
  const [end, goalAt] = [Math.max(to, BAR_LEFT + lengthOf(median)), BAR_LEFT + GOAL_LENGTH]
  // The line of the goal must not go through the number.
  const textLeft = end < goalAt && end + NUMBER_WIDTH > goalAt ? goalAt : end
  const isCut = median > 2 * goal.atMost
  return [
    textAt(MARGIN + 8, y, name, 'small'),
    `<rect class="${isMet ? 'met' : 'missed'}" x="${BAR_LEFT}" y="${y - 10}" width="${round(lengthOf(median))}" height="12"/>`,
    ...(from === to
      ? []
      : [`<line class="range" x1="${round(from)}" y1="${middle}" x2="${round(to)}" y2="${middle}"/>`]),
    textAt(textLeft + 6, y, `${isCut ? '→ ' : ''}${withUnit(median, goal)}${isMet ? '' : ', missed'}`, 'small'),
  ]
}

function panel({by, steps}: GrowthResult, left: number, top: number): string[] {
  const points = steps.map(({bytes, files, rounds}) => ({
    count: by === 'files' ? files : bytes / 1e6,
    ...spread(runsOf(rounds).map(({milliseconds}) => milliseconds / 1000)),
  }))
  const [most, longest] = [
    Math.max(...points.map(({count}) => count)),
    niceCeiling(Math.max(...points.map(({max}) => max))),
  ]
  const [x0, y0] = [left + PANEL.left, top + PANEL.height]
  const x = (count: number): number => round(x0 + (count / most) * (PANEL.width - 20))
  const y = (seconds: number): number => round(y0 - (seconds / longest) * PANEL.height)
  const path = points.map(({count, median}) => `${x(count)},${y(median)}`).join(' ')
  const [first, last] = [points.at(0), points.at(-1)]
  // The first two are at the same place to the eye, and so are their numbers.
  const named = points.slice(1)
  return [
    `<polyline class="axis" fill="none" points="${x0},${top} ${x0},${y0} ${x0 + PANEL.width},${y0}"/>`,
    ...[0, longest / 2, longest].map((seconds) => textAt(left, y(seconds) + 4, String(seconds), 'small')),
    ...(first === undefined || last === undefined
      ? []
      : [
          `<line class="axis" stroke-dasharray="4 4" x1="${x(first.count)}" y1="${y(first.median)}" x2="${x(last.count)}" y2="${y(last.median)}"/>`,
        ]),
    `<polyline class="line" points="${path}"/>`,
    ...points.flatMap(({count, max, median, min}) => [
      `<line class="range" x1="${x(count)}" y1="${y(min)}" x2="${x(count)}" y2="${y(max)}"/>`,
      `<circle class="dot" cx="${x(count)}" cy="${y(median)}" r="3.5"/>`,
    ]),
    ...named.map(({count}) => textAt(x(count) - 16, y0 + 16, count.toLocaleString('en'), 'small')),
    textAt(x0, y0 + 32, by === 'files' ? 'files of 1.7 kB on average' : 'MB, in files of 1 MB', 'small'),
  ]
}

/** The next number that is easy to halve: 2, 4, 6, 8, 10, 20, 40 ... */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [2, 4, 6, 8, 10].find((each) => value <= each * power) ?? 10
  return step * power
}

function textAt(x: number, y: number, content: string, style = ''): string {
  const styled = style === '' ? '' : ` class="${style}"`
  return `<text x="${round(x)}" y="${round(y)}"${styled}>${escape(content)}</text>`
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
