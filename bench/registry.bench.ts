/**
 * Compares the ways of a package into a registry, each from a container with the same files to the tag: keg straight into the
 * registry, keg through the engine, the procedure that teams used before, and docker commit and docker push of a container that
 * has all files in its own layer. Then keg packages once more after an edit of one line, and its pause is compared with a plain read
 * of the container's mount and a commit, one after the other.
 *
 * Each of them pushes to its own empty registry, and its images are removed before the next one: neither the engine nor the
 * registry can skip anything that already exists. `BENCH_ROUNDS=3 npm run bench -- registry` for fewer rounds.
 */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {startRegistry} from '../scripts/setup/registry.js'
import {docker, dockerStream, Sandbox, uniqueName} from '../test/support/docker.js'
import {keg} from '../test/support/keg.js'
import {watchRegistry} from '../test/engine/registry/watched-registry.js'
import {commitTwice, contents, layerBytes, makeContainer, megabyte, mount} from './support/developer-container.js'
import {load, printTable, ratios, roundCount, spread, spreadText, timed} from './support/measure.js'

interface Measured {
  readonly milliseconds: number
  /** Of the layers in the registry. */
  readonly registryBytes: number
  /** Maximum resident set size of keg, KiB; 0 for others. */
  readonly peakMemory: number
}

/** Of each round: the second package, and its pause in proportion to a plain read. */
interface Again {
  readonly milliseconds: number[]
  readonly bytes: number[]
  readonly pauses: number[]
}

interface Method {
  readonly name: string
  /** Whether the container has all files in its own layer. */
  readonly isFlat?: boolean
  /** Pushes an image of the container as the reference. */
  readonly run: (container: string, reference: string, state: string) => Promise<unknown>
}

const sandbox = new Sandbox()
const memory = pathToFileURL(join(import.meta.dirname, 'support/report-peak-memory.js')).href
const peakMemoryFile = join(await sandbox.temporaryFolder('bench'), 'peak-memory')
try {
  const methods: readonly Method[] = [
    {name: 'keg, straight into the registry', run: packageVia('registry')},
    {name: 'keg, through the engine', run: packageVia('engine')},
    {
      name: 'archive, commit twice, push',
      run: (container, reference) => commitTwice(container, reference, {gzip: true}),
    },
    {name: 'commit and push, nothing mounted', isFlat: true, run: commitAndPush},
  ]
  const mounted = await makeContainer(sandbox)
  const flat = await makeContainer(sandbox, {place: 'own layer'})
  const series = new Map<Method, Measured[]>(methods.map((method) => [method, []]))
  const again: Again = {milliseconds: [], bytes: [], pauses: []}
  const rounds = roundCount(5)
  console.log(contents)
  console.log(`${rounds} rounds in turns, ${load()}`)
  for (let round = 0; round < rounds; round++) {
    // Otherwise the first one would always find the engine just cleaned.
    const order = methods.map((_, index) => methods[(index + round) % methods.length] ?? methods[0]!)
    for (const method of order) series.get(method)?.push(await measure(method, method.isFlat ? flat : mounted))
    const {bytes, milliseconds, pause} = await measureAgain(mounted)
    again.milliseconds.push(milliseconds)
    again.bytes.push(bytes)
    again.pauses.push(pause)
  }
  report(methods, series, again)
} finally {
  await sandbox.clean()
}

function packageVia(
  way: 'engine' | 'registry',
): (...args: Parameters<Method['run']>) => Promise<{readonly pausedMilliseconds: number}> {
  return async (container, reference, state) => {
    const words = ['docker', 'package', container, '--tag', reference, '--via', way, '--push', '--yes', '--json']
    const {code, json, stderr} = await keg([...words, '--replace-tag'], {
      env: {NODE_OPTIONS: `--import=${memory}`, PEAK_MEMORY: peakMemoryFile, XDG_STATE_HOME: state},
    })
    if (code !== 0) throw new Error(`keg ended with ${code}: ${stderr}`)
    return {pausedMilliseconds: Number(json().pausedMilliseconds)}
  }
}

/** How long it takes to read what a package reads: a commit, and then the mount, into nothing. */
async function plainRead(container: string): Promise<number> {
  const image = uniqueName('plain')
  const milliseconds = await timed(async () => {
    await docker(['commit', container, image])
    let bytes = 0
    for await (const {length} of dockerStream(['cp', `${container}:${mount}`, '-'])) bytes += length
    if (bytes < 100 * megabyte) throw new Error(`the mount has only ${bytes} bytes`)
  })
  await docker(['rmi', image])
  return milliseconds
}

async function commitAndPush(container: string, reference: string): Promise<void> {
  await docker(['commit', container, reference])
  await docker(['push', '--quiet', reference])
}

async function measure({name, run}: Method, container: string): Promise<Measured> {
  const registry = await startRegistry()
  const repository = uniqueName('bench')
  const reference = sandbox.addImage(`${registry.address}/${repository}:packaged`)
  const state = await sandbox.temporaryFolder('state')
  try {
    const milliseconds = await timed(() => run(container, reference, state))
    const peakMemory = name.startsWith('keg') ? Number(await readFile(peakMemoryFile, 'utf8')) : 0
    return {milliseconds, peakMemory, registryBytes: await layerBytes(registry.address, repository)}
  } finally {
    await sandbox.removeImage(reference)
    await registry.stop()
  }
}

/** Packages twice, with an edit of one line in between. @returns the second time, its part of the bytes of the first, and its pause */
async function measureAgain(
  container: string,
): Promise<{readonly milliseconds: number; readonly bytes: number; readonly pause: number}> {
  const registry = await startRegistry()
  const watched = await watchRegistry(registry.address)
  const reference = `${watched.registry}/${uniqueName('bench')}:packaged`
  const state = await sandbox.temporaryFolder('state')
  try {
    await packageVia('registry')(container, reference, state)
    const first = watched.bytes()
    await docker(['exec', container, 'sh', '-c', `echo '// ${first}' >> ${mount}/modules/1/100.js`])
    let paused = 0
    const milliseconds = await timed(async () => {
      paused = (await packageVia('registry')(container, reference, state)).pausedMilliseconds
    })
    return {milliseconds, bytes: (watched.bytes() - first) / first, pause: paused / (await plainRead(container))}
  } finally {
    await watched.close()
    await registry.stop()
  }
}

function report(methods: readonly Method[], series: ReadonlyMap<Method, readonly Measured[]>, again: Again): void {
  const all = (method: Method | undefined, value: (measured: Measured) => number): number[] =>
    (method === undefined ? [] : (series.get(method) ?? [])).map(value)
  const [straight] = methods
  const own = all(straight, (it) => it.milliseconds)
  printTable([
    ['', 'seconds', 'straight / this', 'in the registry MB', 'keg MiB'],
    ...methods.map((method) => [
      method.name,
      spreadText(spread(all(method, (it) => it.milliseconds / 1000))),
      spreadText(
        ratios(
          own,
          all(method, (it) => it.milliseconds),
        ),
      ),
      spread(all(method, (it) => it.registryBytes / megabyte)).median.toFixed(1),
      spread(all(method, (it) => it.peakMemory / 1024)).median.toFixed(0),
    ]),
  ])
  console.log(
    `Again after an edit of one line: ${spreadText(spread(again.milliseconds.map((it) => it / 1000)))} s, ${spreadText(ratios(again.milliseconds, own))} of the first time, and ${spreadText(spread(again.bytes.map((it) => it * 100)))} % of its bytes.`,
  )
  console.log(`Paused for ${spreadText(spread(again.pauses))} of a plain read.`)
}
