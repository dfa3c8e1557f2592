/** What the benchmarks of packages measure, as it is kept in bench/results.json, from which docs/performance.md is made. */
import {readFile, writeFile} from 'node:fs/promises'
import {cpus, totalmem} from 'node:os'
import {setTimeout} from 'node:timers/promises'
import {busyMilliseconds, timed} from './measure.js'

/** How long other work is watched. */
const OTHER_WORK_MILLISECONDS = 5000

/** The ways of a container into a registry. */
export type Way = 'keg' | 'kegThroughEngine' | 'archiveTwice' | 'commitAndPush' | 'skopeo'

/** A way that did not come to its end, or was not there. */
export interface Failure {
  readonly failure: string
}

/** Milliseconds of processors, of all cores together. */
export interface ProcessorTime {
  readonly keg: number
  readonly registry: number
  /** Of the whole machine, idle time not included. */
  readonly all: number
}

/** One way, once. */
export interface Run {
  readonly milliseconds: number
  /** Of the layers in the registry, compressed. */
  readonly registryBytes: number
  /** Maximum resident set size of keg, for its own ways. */
  readonly memoryBytes?: number
  readonly processorTime?: ProcessorTime
}

/** The package after an edit, in proportion to the one before it. */
export interface Again {
  readonly milliseconds: number
  /** What keg sent to the registry. */
  readonly sentBytes: number
  /** What it had sent for the first package: its layers. */
  readonly firstBytes: number
}

/** The pause of a package, and what it takes to read the same without keg. */
export interface Pause {
  readonly pausedMilliseconds: number
  readonly commitMilliseconds: number
  /** Of the archive of the mount, into nothing. */
  readonly readMilliseconds: number
}

/** What was measured in turn. */
export interface Round {
  readonly ways: Partial<Record<Way, Run | Failure>>
  readonly again?: Again | Failure
  readonly pause?: Pause | Failure
}

export interface Machine {
  readonly cores: number
  readonly memoryBytes: number
  /** Version of the engine. */
  readonly engine: string
  readonly store: string
  readonly node: string
  /** How many cores other work used just before the benchmark. */
  readonly otherWork: number
}

export interface DataSetResult {
  readonly name: string
  /** What the container holds, in words. */
  readonly contents: string
  /** Of the package, as keg counts them. */
  readonly bytes: number
  readonly entries: number
  /** Whether the second package comes after an edit of one line; else after whatever the container's program did. */
  readonly isLineEdit: boolean
  readonly machine: Machine
  readonly rounds: readonly Round[]
}

export interface GrowthStep {
  readonly files: number
  readonly bytes: number
  readonly rounds: readonly (Run | Failure)[]
}

/** Packages of more and more files, or bytes. */
export interface GrowthResult {
  readonly by: 'files' | 'bytes'
  readonly contents: string
  readonly machine: Machine
  readonly steps: readonly GrowthStep[]
}

export interface Results {
  readonly dataSets: readonly DataSetResult[]
  readonly growth: readonly GrowthResult[]
}

export function isFailure(value: object): value is Failure {
  return 'failure' in value
}

/** Results together: what was measured later takes the place of the same data set, or growth, before. */
export function mergeResults(before: Results, after: Partial<Results>): Results {
  const {dataSets = [], growth = []} = after
  return {
    dataSets: replaceSame(before.dataSets, dataSets, ({name}) => name),
    growth: replaceSame(before.growth, growth, ({by}) => by),
  }
}

function replaceSame<T>(before: readonly T[], after: readonly T[], nameOf: (value: T) => string): T[] {
  const later = new Map(after.map((value) => [nameOf(value), value]))
  const replaced = before.map((value) => later.get(nameOf(value)) ?? value)
  const names = before.map(nameOf)
  return [...replaced, ...[...later.values()].filter((value) => !names.includes(nameOf(value)))]
}

/** The results in a file; none if there is no such file. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? {dataSets: [], growth: []} : (JSON.parse(text) as Results)
}

/** Adds results to the file that BENCH_OUTPUT names, if it does. */
export async function saveResults(results: Partial<Results>): Promise<void> {
  const file = process.env.BENCH_OUTPUT
  if (file === undefined || file === '') return
  const merged = mergeResults(await readResults(file), results)
  await writeFile(file, `${JSON.stringify(merged, null, 2)}\n`)
}

/** This machine, without its name. @param engine as `docker version` and `docker info` know it */
export async function describeMachine({
  engine,
  store,
}: {
  readonly engine: string
  readonly store: string
}): Promise<Machine> {
  const before = busyMilliseconds()
  const elapsed = await timed(() => setTimeout(OTHER_WORK_MILLISECONDS))
  const otherWork = Math.round(((busyMilliseconds() - before) / elapsed) * 100) / 100
  return {cores: cpus().length, memoryBytes: totalmem(), engine, store, node: process.version, otherWork}
}
