/** The figures of the benchmarks of packages as rows of tables, for a terminal and for docs/performance.md. */
import {goals, goalText, judge, marginalCosts, medianOf, proportionTo, runsOf, type Verdict} from './goals.js'
import {spread, spreadText} from './measure.js'
import {isFailure, type DataSetResult, type GrowthResult, type Pause, type Run, type Way} from './results.js'

export type Rows = readonly (readonly string[])[]

const megabyte = 1_000_000
const wayNames: Readonly<Record<Way, string>> = {
  keg: 'keg, `--via registry`',
  kegThroughEngine: 'keg, `--via engine`',
  archiveTwice: 'archive, commit twice, push',
  commitAndPush: '`docker commit`, `docker push`, nothing mounted',
  skopeo: '`skopeo copy` of the finished image',
}

/** Each goal, and what was measured with each data set. */
export function goalRows(results: readonly DataSetResult[]): Rows {
  return [
    ['', 'at most', ...results.map(({name}) => name)],
    ...goals.map((goal) => [
      goal.title,
      goalText(goal),
      ...results.map((result) => verdictText(judge(goal, result), goal.digits)),
    ]),
  ]
}

function verdictText(verdict: Verdict | undefined, digits: number): string {
  if (verdict === undefined) return '-'
  const text = spreadText(verdict.spread, digits)
  return verdict.isMet ? text : `**${text}**`
}

/** Each way with one data set: its time, and what it put into the registry. */
export function wayRows(result: DataSetResult): Rows {
  return [
    [result.name, 'seconds', 'keg / this', 'MB in the registry', 'MB of memory'],
    ...(Object.keys(wayNames) as Way[]).map((way) => {
      const all = result.rounds.flatMap(({ways}) => ways[way] ?? [])
      const runs = runsOf(all)
      if (runs.length === 0) return [wayNames[way], `- (${all.find(isFailure)?.failure ?? 'not measured'})`, '', '', '']
      const memory = runs.flatMap((run) => run.memoryBytes ?? [])
      return [
        wayNames[way],
        spreadText(spread(runs.map((run) => run.milliseconds / 1000)), 1) +
          (runs.length < all.length ? `, ${all.length - runs.length} of ${all.length} failed` : ''),
        way === 'keg' ? '' : textOf(proportionTo(way)(result)),
        medianOf(runs.map((run) => run.registryBytes / megabyte)).toFixed(0),
        memory.length === 0 ? '' : (Math.max(...memory) / megabyte).toFixed(0),
      ]
    }),
  ]
}

/** Where the time of keg's whole job goes, in seconds: medians. */
export function timeRows(results: readonly DataSetResult[]): Rows {
  const row = (title: string, value: (result: DataSetResult) => readonly number[]): string[] => [
    title,
    ...results.map((result) => {
      const values = value(result)
      return values.length === 0 ? '-' : (medianOf(values) / 1000).toFixed(1)
    }),
  ]
  const paused = (value: (pause: Pause) => number) => (result: DataSetResult) => pausesOf(result).map(value)
  const processors =
    (value: (time: NonNullable<Run['processorTime']>, run: Run) => number) => (result: DataSetResult) =>
      kegRuns(result).flatMap((run) => (run.processorTime === undefined ? [] : [value(run.processorTime, run)]))
  return [
    ['seconds', ...results.map(({name}) => name)],
    row('whole job', (result) => kegRuns(result).map((run) => run.milliseconds)),
    row(
      'of it, the container is paused',
      paused((pause) => pause.pausedMilliseconds),
    ),
    row(
      '`docker commit` alone, for comparison',
      paused((pause) => pause.commitMilliseconds),
    ),
    row(
      'a plain read of the mount alone, for comparison',
      paused((pause) => pause.readMilliseconds),
    ),
    row(
      'processors: keg',
      processors(({keg}) => keg),
    ),
    row(
      'processors: the registry',
      processors(({registry}) => registry),
    ),
    row(
      'processors: the engine, and all else',
      processors(({all, keg, registry}) => all - keg - registry),
    ),
    ['processors: idle', ...results.map((result) => idleText(result))],
  ]
}

function idleText(result: DataSetResult): string {
  const {cores} = result.machine
  const values = kegRuns(result).flatMap(({milliseconds, processorTime}) =>
    processorTime === undefined ? [] : [milliseconds * cores - processorTime.all],
  )
  return values.length === 0 ? '-' : (Math.max(0, medianOf(values)) / 1000).toFixed(1)
}

/** Packages of more and more files, or bytes. */
export function growthRows(result: GrowthResult): Rows {
  const costs = marginalCosts(result)
  const unit = result.by === 'files' ? 10_000 : 100 * megabyte
  return [
    [
      result.by === 'files' ? 'files' : 'MB',
      result.by === 'files' ? 'MB' : 'files',
      'seconds',
      result.by === 'files' ? 'seconds for each 10,000 files more' : 'seconds for each 100 MB more',
      'MB of memory',
    ],
    ...result.steps.map(({bytes, files, rounds}, index) => {
      const both = [files.toLocaleString('en'), megabytes(bytes)]
      const counts = result.by === 'files' ? both : both.toReversed()
      const runs = runsOf(rounds)
      if (runs.length === 0) return [...counts, '-', '', '']
      const cost = costs[index - 1]
      return [
        ...counts,
        spreadText(spread(runs.map((run) => run.milliseconds / 1000)), 1),
        cost === undefined ? '' : ((cost * unit) / 1000).toFixed(2),
        (Math.max(...runs.map((run) => run.memoryBytes ?? 0)) / megabyte).toFixed(0),
      ]
    }),
  ]
}

function megabytes(bytes: number): string {
  const count = bytes / megabyte
  return count < 10 ? count.toFixed(1) : Math.round(count).toLocaleString('en')
}

function textOf(values: readonly number[]): string {
  return values.length === 0 ? '-' : spreadText(spread(values))
}

function kegRuns({rounds}: DataSetResult): Run[] {
  return runsOf(rounds.flatMap(({ways}) => ways.keg ?? []))
}

function pausesOf({rounds}: DataSetResult): Pause[] {
  return rounds.flatMap(({pause}) => (pause === undefined || isFailure(pause) ? [] : [pause]))
}
