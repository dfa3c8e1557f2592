/** Results of benchmarks, as tests need them. */
import type {DataSetResult, GrowthResult, Machine, Round} from '../../../bench/support/results.js'

export const machine: Machine = {
  cores: 2,
  memoryBytes: 8 * 2 ** 30,
  engine: '20.10.24',
  store: 'classic',
  node: 'v20.19.0',
  otherWork: 0.01,
}

/** One round in which keg takes some seconds and all others ten. */
export function roundOf(seconds: number, more: Partial<Round> = {}): Round {
  const other = {milliseconds: 10_000, registryBytes: 80e6}
  const keg = {
    milliseconds: seconds * 1000,
    registryBytes: 90e6,
    memoryBytes: 150e6,
    processorTime: {keg: seconds * 500, registry: seconds * 200, all: seconds * 1500},
  }
  return {
    ways: {keg, kegThroughEngine: keg, archiveTwice: other, commitAndPush: other, skopeo: other},
    again: {milliseconds: 100, sentBytes: 450e3, firstBytes: 90e6},
    pause: {pausedMilliseconds: 1200, commitMilliseconds: 400, readMilliseconds: 600},
    ...more,
  }
}

export function dataSetOf(rounds: readonly Round[], more: Partial<DataSetResult> = {}): DataSetResult {
  return {
    name: 'small',
    contents: 'Small files.',
    bytes: 180e6,
    entries: 20_003,
    isLineEdit: true,
    machine,
    rounds,
    ...more,
  }
}

/** Growth by files, with the seconds of one round for 1,000, 10,000 and 100,000 of them. */
export function growthOf(seconds: readonly [number, number, number]): GrowthResult {
  const steps = seconds.map((each, index) => {
    const files = 1000 * 10 ** index
    const run = {milliseconds: each * 1000, registryBytes: 0, memoryBytes: 120e6}
    return {files, bytes: 1700 * files, rounds: [run]}
  })
  return {by: 'files', contents: 'Files of 1 kB.', machine, steps}
}
