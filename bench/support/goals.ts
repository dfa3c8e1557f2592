/** What packaging is measured against. */
import {spread, type Spread} from './measure.js'
import {
  isFailure,
  type DataSetResult,
  type Failure,
  type GrowthResult,
  type Results,
  type Round,
  type Run,
  type Way,
} from './results.js'

export interface Goal {
  readonly title: string
  /** In the plot. */
  readonly label: string
  readonly atMost: number
  /** Of both the goal and the values. */
  readonly unit: '' | '%' | 'MB'
  readonly digits: number
  /** One value for each round that has it. */
  readonly values: (result: DataSetResult) => number[]
}

export const goals: readonly Goal[] = [
  {
    title: 'Whole job, in proportion to archive, commit twice, push',
    label: 'time / archive, commit twice, push',
    atMost: 0.2,
    unit: '',
    digits: 2,
    values: proportionTo('archiveTwice'),
  },
  {
    title: 'In proportion to `docker commit` and `docker push` of the same files, not mounted',
    label: 'time / docker commit and docker push, nothing mounted',
    atMost: 0.6,
    unit: '',
    digits: 2,
    values: proportionTo('commitAndPush'),
  },
  {
    title: 'In proportion to `skopeo copy` of the finished image',
    label: 'time / skopeo copy of the finished image',
    atMost: 1,
    unit: '',
    digits: 2,
    values: proportionTo('skopeo'),
  },
  {
    title: 'Packaged again after an edit of one line, in proportion to the first time',
    label: 'time again after an edit of one line / first time',
    atMost: 0.1,
    unit: '',
    digits: 3,
    values: (result) => edited(result, ({again, keg}) => again.milliseconds / keg.milliseconds),
  },
  {
    title: 'What is sent then, in proportion to the first time',
    label: 'bytes sent again after an edit of one line / first time',
    atMost: 1,
    unit: '%',
    digits: 2,
    values: (result) => edited(result, ({again}) => (100 * again.sentBytes) / again.firstBytes),
  },
  {
    title: 'Pause, in proportion to a plain read of what is read',
    label: 'pause / plain read of what is read',
    atMost: 1.3,
    unit: '',
    digits: 2,
    values: ({rounds}) =>
      rounds.flatMap(({pause}) =>
        pause === undefined || isFailure(pause)
          ? []
          : [pause.pausedMilliseconds / (pause.commitMilliseconds + pause.readMilliseconds)],
      ),
  },
  {
    title: 'Largest memory of keg’s process',
    label: 'largest memory of keg',
    atMost: 200,
    unit: 'MB',
    digits: 1,
    values: ({rounds}) =>
      rounds.flatMap(({ways: {keg, kegThroughEngine}}) => {
        const used = [keg, kegThroughEngine].flatMap((run) => memoryOf(run))
        return used.length === 0 ? [] : [Math.max(...used)]
      }),
  },
]

/** What a goal has to do with a data set. */
export interface Verdict {
  readonly spread: Spread
  /** Whether the median reaches it. */
  readonly isMet: boolean
}

/** @returns undefined if it was not measured, or does not apply */
export function judge({atMost, values}: Goal, result: DataSetResult): Verdict | undefined {
  const measured = values(result)
  if (measured.length === 0) return undefined
  const of = spread(measured)
  return {spread: of, isMet: of.median <= atMost}
}

/** Ten times as much may take 12 times as long: 1 would be exactly linear growth, without any noise. */
export const MAX_GROWTH = 1.2

/** The time that one more thing takes at each step, in milliseconds a file or a byte. */
export function marginalCosts({by, steps}: Pick<GrowthResult, 'by' | 'steps'>): number[] {
  const medians = stepMedians({by, steps})
  return medians.slice(1).map(({count, milliseconds}, index) => {
    const before = medians[index]
    return before === undefined ? Number.NaN : (milliseconds - before.milliseconds) / (count - before.count)
  })
}

function stepMedians({by, steps}: Pick<GrowthResult, 'by' | 'steps'>) {
  return steps.map(({bytes, files, rounds}) => ({
    count: by === 'files' ? files : bytes,
    milliseconds: medianOf(runsOf(rounds).map((run) => run.milliseconds)),
  }))
}

/** The goals that are missed, in words; what was not measured is not among them. */
export function missedGoals({dataSets, growth}: Results): string[] {
  const ofDataSets = goals.flatMap((goal) => {
    const missed = dataSets.flatMap((result) => {
      const verdict = judge(goal, result)
      return verdict === undefined || verdict.isMet ? [] : [`${withUnit(verdict.spread.median, goal)} (${result.name})`]
    })
    return missed.length === 0 ? [] : [`${goal.title}: ${missed.join(', ')} instead of at most ${goalText(goal)}`]
  })
  const ofGrowth = growth.flatMap((result) => {
    const medians = stepMedians(result)
    return medians.slice(1).flatMap(({count, milliseconds}, index) => {
      const before = medians[index]
      if (before === undefined) return []
      const [more, longer] = [count / before.count, milliseconds / before.milliseconds]
      // Not a number if a step has failed.
      return longer > more * MAX_GROWTH
        ? [
            `Time grows faster than the ${result.by}: ${more.toFixed(0)} times as many take ${longer.toFixed(1)} times as long`,
          ]
        : []
    })
  })
  return [...ofDataSets, ...ofGrowth]
}

/** `0.2`, `1 %`, `200 MB`. */
export function goalText({atMost, unit}: Goal): string {
  return `${atMost}${unit === '' ? '' : ` ${unit}`}`
}

/** A measured value with the digits and the unit of a goal: `0.18`, `0.43 %`, `163 MB`. */
export function withUnit(value: number, {digits, unit}: Pick<Goal, 'digits' | 'unit'>): string {
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`
}

/** The runs that came to their end. */
export function runsOf(runs: readonly (Run | Failure)[]): Run[] {
  return runs.filter((run): run is Run => !isFailure(run))
}

export function medianOf(values: readonly number[]): number {
  return spread(values).median
}

/** Both of a round, or none: a ratio compares what was measured in turn. */
export function pairs(result: DataSetResult, way: Way, other: Way): readonly (readonly [Run, Run])[] {
  return result.rounds.flatMap(({ways}) => {
    const [one, two] = [ways[way], ways[other]]
    return one === undefined || two === undefined || isFailure(one) || isFailure(two) ? [] : [[one, two] as const]
  })
}

/** keg's time in proportion to that of another way, of each round. */
export function proportionTo(way: Way): Goal['values'] {
  return (result) => pairs(result, 'keg', way).map(([keg, other]) => keg.milliseconds / other.milliseconds)
}

function edited(
  {isLineEdit, rounds}: DataSetResult,
  value: (of: {readonly again: Exclude<Round['again'], Failure | undefined>; readonly keg: Run}) => number,
): number[] {
  if (!isLineEdit) return []
  return rounds.flatMap(({again, ways: {keg}}) =>
    again === undefined || keg === undefined || isFailure(again) || isFailure(keg) ? [] : [value({again, keg})],
  )
}

function memoryOf(run: Run | Failure | undefined): number[] {
  return run === undefined || isFailure(run) || run.memoryBytes === undefined ? [] : [run.memoryBytes / 1e6]
}
