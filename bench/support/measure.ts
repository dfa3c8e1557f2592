/** What the benchmarks share: statistics of several rounds, and printing them. */
import {cpus, loadavg} from 'node:os'

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const middle = (sorted.length - 1) / 2
  return {min: at(0), median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, max: at(sorted.length - 1)}
}

/** The ratio of two series that were measured alternately: pair by pair, so that a slow machine affects both. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): Spread {
  return spread(numerators.map((value, index) => value / (denominators[index] ?? Number.NaN)))
}

/** `1.84 (1.79 to 1.95)`: the median, and the range of values. */
export function spreadText({max, median, min}: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
}

/** Milliseconds that an action takes. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await action()
  return performance.now() - startedAt
}

/** Milliseconds that the processors of this machine have worked since it started. */
export function busyMilliseconds(): number {
  return cpus().reduce((sum, {times: {irq, nice, sys, user}}) => sum + irq + nice + sys + user, 0)
}

/** An environment variable as a number of rounds, such as `BENCH_ROUNDS=5 npm run bench`. */
export function roundCount(defaultCount: number): number {
  const count = Number(process.env.BENCH_ROUNDS ?? defaultCount)
  if (!Number.isSafeInteger(count) || count < 1) throw new Error('BENCH_ROUNDS has to be a number of rounds.')
  return count
}

/** An environment variable as a number of minutes. @returns milliseconds */
export function minutes(name: string, defaultMinutes: number): number {
  const count = Number(process.env[name] ?? defaultMinutes)
  if (!(count > 0)) throw new Error(`${name} has to be a number of minutes.`)
  return count * 60_000
}

/** Prints rows with aligned columns. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
}

/** The load of the machine, to judge the figures. */
export function load(): string {
  return `load of the machine ${loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')}`
}
