/** What docs/performance.md shows of the results. */
import {table} from '../../scripts/generate/generated-part.js'
import {goalRows, growthRows, timeRows, wayRows, type Rows} from './figures.js'
import {missedGoals} from './goals.js'
import type {Machine, Results} from './results.js'

export {plot} from './plot.js'
export {readResults} from './results.js'

/** How many cores may be in use by others before figures are no good. */
const MAX_OTHER_WORK = 0.3

/** The generated part of the page, in Markdown. */
export function performanceFigures({dataSets, growth}: Results): string {
  const contents = dataSets.map(({bytes, contents: text, entries, name, rounds}) => {
    const counts = `${entries.toLocaleString('en')} entries, ${Math.round(bytes / 1e6).toLocaleString('en')} MB`
    return [name, text, counts, String(rounds.length)]
  })
  const missed = missedGoals({dataSets, growth})
  return [
    ...machines([...dataSets, ...growth].map(({machine}) => machine)),
    '### Data',
    markdown([['', 'contents', 'in the package', 'rounds'], ...contents]),
    '### Goals',
    markdown(goalRows(dataSets)),
    missed.length === 0 ? 'All goals are met.' : ['Missed:', '', ...missed.map((each) => `- ${each}`)].join('\n'),
    '### The ways in comparison',
    ...dataSets.map((result) => markdown(wayRows(result))),
    '### Where the time goes',
    markdown(timeRows(dataSets)),
    '### Growth',
    ...growth.flatMap((result) => [result.contents, markdown(growthRows(result))]),
    '',
  ].join('\n\n')
}

/** On what it was measured; one line if all on the same. */
function machines(all: readonly Machine[]): string[] {
  const lines = all.map(
    ({cores, engine, memoryBytes, node, store}) =>
      `Measured with ${cores} cores and ${Math.round(memoryBytes / 2 ** 30)} GiB of memory, on Engine ${engine} with the ${store} image store, and Node ${node}.`,
  )
  if (all.length === 0) return []
  const most = Math.max(...all.map(({otherWork}) => otherWork))
  const others = `Just before, other work used at most ${most.toFixed(2)} cores.`
  // Ratios suffer less than seconds, but they do.
  const warning = most > MAX_OTHER_WORK ? ' The machine was busy, so these figures are only a first impression.' : ''
  return [...new Set(lines), others + warning]
}

function markdown([titles = [], ...rows]: Rows): string {
  return table(titles, rows) ?? ''
}
