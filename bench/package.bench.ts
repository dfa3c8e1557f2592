/**
 * Compares `keg docker package` with the procedure that teams used before, for the same container and with push: an archive
 * of the mount inside the container, commit, a second container that extracts it without mounts, commit again, push. That
 * procedure compresses its archive; it is also timed without compression, which nobody used, but which is faster.
 *
 * Each of them pushes to its own empty registry, and its images are removed before the next one: neither the engine nor the
 * registry can skip anything that already exists. `BENCH_ROUNDS=5 npm run bench -- package` for more rounds.
 */
import {spawn} from 'node:child_process'
import {text} from 'node:stream/consumers'
import {setTimeout} from 'node:timers/promises'
import {startRegistry} from '../scripts/setup/registry.js'
import {docker, Sandbox, uniqueName} from '../test/support/docker.js'
import {commitTwice, contents, layerBytes, makeContainer} from './support/developer-container.js'
import {megabyte} from './support/files.js'
import {packageWithKeg} from './support/keg-package.js'
import {load, printTable, ratios, roundCount, spread, spreadText, timed} from './support/measure.js'

interface Measured {
  readonly milliseconds: number
  readonly pausedMilliseconds: number
  /** Size of the image in the engine. */
  readonly imageBytes: number
  /** Size of the layers in the registry. */
  readonly registryBytes: number
  /** Maximum resident set size of keg. */
  readonly memoryBytes: number
}

interface Method {
  readonly name: string
  /** Creates an image of the container and pushes it as the reference. @returns keg's memory in bytes, if it is keg */
  readonly run: (container: string, reference: string) => Promise<unknown>
}

const sandbox = new Sandbox()
try {
  const methods: readonly Method[] = [
    {name: 'keg docker package', run: packageByKeg},
    {name: 'archive, commit twice', run: (container, reference) => commitTwice(container, reference, {gzip: true})},
    {name: '... uncompressed', run: (container, reference) => commitTwice(container, reference, {gzip: false})},
  ]
  const container = await makeContainer(sandbox)
  const count = roundCount(3)
  const series = new Map<Method, Measured[]>(methods.map((method) => [method, []]))
  const commits: number[] = []
  console.log(contents)
  console.log(`${count} rounds in turns, ${load()}`)
  for (let round = 0; round < count; round++) {
    // Otherwise the first one would always find the engine just cleaned.
    const order = methods.map((_, index) => methods[(index + round) % methods.length] ?? methods[0]!)
    for (const method of order) series.get(method)?.push(await measure(method, container))
    commits.push(await pauseOfCommit(container))
  }
  report(methods, series, commits)
} finally {
  await sandbox.clean()
}

async function packageByKeg(container: string, reference: string): Promise<number> {
  const state = await sandbox.temporaryFolder('state')
  return (await packageWithKeg(sandbox, container, reference, {via: 'engine', state})).memoryBytes
}

async function measure({run}: Method, container: string): Promise<Measured> {
  const registry = await startRegistry()
  const repository = uniqueName('bench')
  const reference = sandbox.addImage(`${registry.address}/${repository}:packaged`)
  try {
    let milliseconds = 0
    let memory: unknown
    const pausedMilliseconds = await pauseDuring(container, async () => {
      milliseconds = await timed(async () => {
        memory = await run(container, reference)
      })
    })
    return {
      milliseconds,
      pausedMilliseconds,
      imageBytes: Number(await docker(['image', 'inspect', '--format', '{{.Size}}', reference])),
      registryBytes: await layerBytes(registry.address, repository),
      memoryBytes: typeof memory === 'number' ? memory : 0,
    }
  } finally {
    await sandbox.removeImage(reference)
    await registry.stop()
  }
}

async function pauseOfCommit(container: string): Promise<number> {
  const image = sandbox.addImage(uniqueName('commit'))
  const pausedMilliseconds = await pauseDuring(container, () => docker(['commit', container, image]))
  await sandbox.removeImage(image)
  return pausedMilliseconds
}

/** Milliseconds that the engine keeps a container paused during an action. */
async function pauseDuring(container: string, action: () => Promise<unknown>): Promise<number> {
  const filters = [`container=${container}`, 'event=pause', 'event=unpause'].flatMap((filter) => ['--filter', filter])
  const since = String(Date.now() / 1000)
  // Read as they arrive: a busy engine soon forgets events.
  const events = spawn('docker', ['events', '--since', since, ...filters, '--format', '{{.Action}} {{.TimeNano}}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = text(events.stdout)
  try {
    await action()
    await setTimeout(200)
  } finally {
    events.kill()
  }
  return (await lines)
    .split('\n')
    .filter((line) => line !== '')
    .reduce((total, line) => {
      const [event, nanoseconds] = line.split(' ')
      const milliseconds = Number(nanoseconds) / 1e6
      return event === 'unpause' ? total + milliseconds : total - milliseconds
    }, 0)
}

function report(
  methods: readonly Method[],
  series: ReadonlyMap<Method, readonly Measured[]>,
  commits: readonly number[],
): void {
  const all = (method: Method | undefined, value: (measured: Measured) => number): number[] =>
    (method === undefined ? [] : (series.get(method) ?? [])).map(value)
  const [kegMethod] = methods
  printTable([
    ['', 'seconds', 'times keg', 'paused ms', 'image MB', 'in the registry MB'],
    ...methods.map((method) => [
      method.name,
      spreadText(spread(all(method, (it) => it.milliseconds / 1000))),
      spreadText(
        ratios(
          all(method, (it) => it.milliseconds),
          all(kegMethod, (it) => it.milliseconds),
        ),
      ),
      spreadText(spread(all(method, (it) => it.pausedMilliseconds)), 0),
      spread(all(method, (it) => it.imageBytes / megabyte)).median.toFixed(1),
      spread(all(method, (it) => it.registryBytes / megabyte)).median.toFixed(1),
    ]),
  ])
  const paused = all(kegMethod, (it) => it.pausedMilliseconds)
  console.log(
    `One docker commit alone pauses the same container for ${spreadText(spread(commits), 0)} ms; keg's pause is ${spreadText(ratios(paused, commits))} times that, and takes the volume too.`,
  )
  const memory = spread(all(kegMethod, (it) => it.memoryBytes / 2 ** 20))
  console.log(`keg's largest resident set: ${spreadText(memory, 0)} MiB.`)
}
