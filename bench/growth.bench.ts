/**
 * Packages containers with more and more files, and with more and more bytes, straight into an empty registry: how the time grows, and
 * whether the memory of keg does. `BENCH_ROUNDS=1 npm run bench -- growth` for one round, BENCH_MINUTES and BENCH_OUTPUT as for
 * registry.bench.ts.
 */
import {startRegistry} from '../scripts/setup/registry.js'
import {Sandbox, uniqueName} from '../test/support/docker.js'
import {mount, startContainer} from './support/developer-container.js'
import {engineFacts} from './support/engine-facts.js'
import {growthRows} from './support/figures.js'
import {makeFiles, megabyte, sameFiles, smallFiles, type NewFile} from './support/files.js'
import {packageWithKeg} from './support/keg-package.js'
import {minutes, printTable, roundCount, timed} from './support/measure.js'
import {describeMachine, saveResults, type Failure, type GrowthResult, type Run} from './support/results.js'
import {attempt} from './support/rounds.js'

interface Step {
  readonly files: readonly NewFile[]
  readonly container: string
  readonly rounds: (Run | Failure)[]
}

const series = [
  {
    by: 'files',
    contents: 'Files of 200 to 3,200 bytes in a volume.',
    steps: [1000, 10_000, 100_000].map((count) => smallFiles(count)),
  },
  {
    by: 'bytes',
    contents: 'Files of 1 MB in a volume.',
    steps: [10, 100, 1000].map((count) => sameFiles('data', count, megabyte)),
  },
] as const

const machine = await describeMachine(await engineFacts())
const rounds = roundCount(5)
const budget = minutes('BENCH_MINUTES', 20)
for (const {by, contents, steps} of series) {
  console.log(`\n${contents}`)
  const sandbox = new Sandbox()
  try {
    const started: Step[] = []
    for (const files of steps) {
      const container = await startContainer(sandbox)
      await makeFiles(container, mount, files)
      started.push({files, container, rounds: []})
    }
    await measure(sandbox, started)
    const measured = started.map((step) => ({
      files: step.files.length,
      bytes: step.files.reduce((sum, {bytes}) => sum + bytes, 0),
      rounds: step.rounds,
    }))
    const result: GrowthResult = {by, contents, machine, steps: measured}
    await saveResults({growth: [result]})
    printTable(growthRows(result))
  } finally {
    await sandbox.clean()
  }
}

/** All steps in turns. */
async function measure(sandbox: Sandbox, steps: readonly Step[]): Promise<void> {
  let [spent, last] = [0, 0]
  for (let round = 0; round < rounds && (round === 0 || spent + last <= budget / series.length); round++) {
    last = await timed(async () => {
      for (const step of steps) step.rounds.push(await attempt('keg', () => packageOnce(sandbox, step.container)))
    })
    spent += last
    console.log(`Round ${round + 1} of ${rounds}: ${(last / 1000).toFixed(0)} s.`)
  }
}

async function packageOnce(sandbox: Sandbox, container: string): Promise<Run> {
  const registry = await startRegistry()
  try {
    const reference = `${registry.address}/${uniqueName('bench')}:packaged`
    const state = await sandbox.temporaryFolder('state')
    const options = {via: 'registry', state, registryPid: registry.pid()} as const
    const {memoryBytes, milliseconds, processorTime} = await packageWithKeg(sandbox, container, reference, options)
    return {milliseconds, registryBytes: 0, memoryBytes, processorTime}
  } finally {
    await registry.stop()
  }
}
