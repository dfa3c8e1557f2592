/**
 * Compares the ways of a package into a registry, each from a container with the same files to the tag: keg straight into the registry,
 * keg through the engine, the procedure that teams used before, docker commit and docker push of a container that has all files in its
 * own layer, and the copy of the finished image from the engine by skopeo. Then keg packages once more after an edit of one line, and
 * its pause is compared with a plain read of the container's mount and a commit, one after the other.
 *
 * Each of them pushes to its own empty registry, and its images are removed before the next one: neither the engine nor the
 * registry can skip anything that already exists. Variables of `npm run bench -- registry`:
 *
 * - BENCH_DATA=small,node_modules for some of the data sets of support/data-sets.ts
 * - BENCH_ROUNDS=3 for fewer rounds, BENCH_MINUTES=5 for less time: no round begins that would take a data set beyond that
 * - BENCH_OUTPUT=bench/results.json keeps what was measured in that file; `npm run build` makes docs/performance.md of it
 */
import {docker, Sandbox} from '../test/support/docker.js'
import {chooseDataSets, type DataSet} from './support/data-sets.js'
import {engineFacts} from './support/engine-facts.js'
import {goalRows, timeRows, wayRows} from './support/figures.js'
import {minutes, printTable, roundCount, timed} from './support/measure.js'
import {describeMachine, saveResults, type DataSetResult, type Round} from './support/results.js'
import {measureRound, type Containers, type MeasuredRound} from './support/rounds.js'

const chosen = chooseDataSets(process.env.BENCH_DATA)
const machine = await describeMachine(await engineFacts())
const rounds = roundCount(5)
const budget = minutes('BENCH_MINUTES', 20)
for (const dataSet of chosen) {
  const obstacle = dataSet.obstacle?.()
  console.log(`\n${dataSet.name}: ${dataSet.contents}`)
  if (obstacle !== undefined) {
    console.log(`Not measured: ${obstacle}.`)
    continue
  }
  const sandbox = new Sandbox()
  try {
    const result = await measure(sandbox, dataSet)
    await saveResults({dataSets: [result]})
    for (const rows of [wayRows(result), timeRows([result]), goalRows([result])]) {
      printTable(rows)
      console.log()
    }
  } catch (error) {
    // The others can still be measured.
    console.log(`${dataSet.name} could not be measured:`, error)
    process.exitCode = 1
  } finally {
    await sandbox.clean()
  }
}

async function measure(sandbox: Sandbox, dataSet: DataSet): Promise<DataSetResult> {
  const mounted = await dataSet.make(sandbox, 'volume')
  const flat = await dataSet.make(sandbox, 'own layer')
  await docker(['pause', flat])
  const containers: Containers = {sandbox, dataSet, mounted, flat}
  const measured: Round[] = []
  let counted: MeasuredRound['counted']
  let [spent, last] = [0, 0]
  for (let turn = 0; turn < rounds && (turn === 0 || spent + last <= budget); turn++) {
    last = await timed(async () => {
      const made = await measureRound(containers, turn)
      measured.push(made.round)
      counted ??= made.counted
    })
    spent += last
    console.log(`Round ${turn + 1} of ${rounds}: ${(last / 1000).toFixed(0)} s.`)
  }
  if (measured.length < rounds) console.log(`No further round fits ${budget / 60_000} minutes.`)
  const {contents, edited, name} = dataSet
  const {bytes = 0, entries = 0} = counted ?? {}
  return {name, contents, bytes, entries, isLineEdit: edited !== undefined, machine, rounds: measured}
}
