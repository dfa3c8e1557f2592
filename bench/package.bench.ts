/**
 * `keg docker package` beside the procedure that teams used before it, of the same container and with push: an archive of the
 * mount inside the container, commit, a second container that unpacks it where nothing is mounted, commit again, push. That
 * procedure compresses its archive; it is also timed without that, which it never was, but which is kinder to it.
 *
 * Each of them pushes to a registry of its own that is empty, and what it made is removed before the next one: neither the
 * engine nor the registry can leave out anything because it is there already. `BENCH_ROUNDS=5 npm run bench -- package` for
 * more rounds.
 */
import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {setTimeout} from 'node:timers/promises'
import {pathToFileURL} from 'node:url'
import {startRegistry} from '../scripts/setup/registry.js'
import {baseImage, docker, Sandbox, uniqueName} from '../test/support/docker.js'
import {keg} from '../test/support/keg.js'
import {writeTar} from '../test/support/tar.js'
import {load, printTable, ratios, rounds, spread, spreadText, timed} from './support/measure.js'

const megabyte = 1_000_000
const smallFiles = 20_000
const mount = '/app'
const command = ['sleep', '100000']

interface Measured {
  readonly milliseconds: number
  readonly pausedMilliseconds: number
  /** Of the image in the engine. */
  readonly imageBytes: number
  /** Of the layers in the registry. */
  readonly registryBytes: number
  /** Largest resident set of keg, KiB. */
  readonly peakMemory: number
}

interface Way {
  readonly name: string
  /** Makes an image of the container and pushes it as the reference. */
  readonly run: (container: string, reference: string) => Promise<void>
}

const sandbox = new Sandbox()
const peakMemoryFile = join(await sandbox.temporaryFolder('bench'), 'peak-memory')
try {
  const ways: readonly Way[] = [
    {name: 'keg docker package', run: packageWithKeg},
    {name: 'archive, commit twice', run: (container, reference) => commitTwice(container, reference, {gzip: true})},
    {name: '... uncompressed', run: (container, reference) => commitTwice(container, reference, {gzip: false})},
  ]
  const container = await makeContainer()
  const count = rounds(3)
  const series = new Map<Way, Measured[]>(ways.map((way) => [way, []]))
  const commits: number[] = []
  console.log(`${smallFiles} small files and one of 100 MB in a volume, 50 MB in the container's own layer.`)
  console.log(`${count} rounds in turns, ${load()}`)
  for (let round = 0; round < count; round++) {
    // Whoever comes first would always find the engine just cleaned.
    const order = ways.map((_, index) => ways[(index + round) % ways.length] ?? ways[0]!)
    for (const way of order) series.get(way)?.push(await measure(way, container))
    commits.push(await pauseOfCommit(container))
  }
  report(ways, series, commits)
} finally {
  await sandbox.clean()
}

/** A running container with what a developer's has: many small files, some large ones, half of it not compressible. */
async function makeContainer(): Promise<string> {
  const volume = await sandbox.volume('bench')
  const container = await sandbox.run(['--volume', `${volume}:${mount}`, baseImage, ...command])
  const files = Array.from({length: smallFiles}, (_, index) => ({
    path: `modules/${Math.floor(index / 100)}/${index}.js`,
    content: halfRandom(200 + ((index * 37) % 3000)),
  }))
  await docker(['cp', '-', `${container}:${mount}`], {
    input: writeTar([...files, {path: 'data.bin', content: halfRandom(100 * megabyte)}]),
  })
  await docker(['cp', '-', `${container}:/`], {
    input: writeTar([{path: 'cache/packages.bin', content: halfRandom(50 * megabyte)}]),
  })
  return container
}

/** Bytes of which every second half a kilobyte cannot be compressed. */
function halfRandom(length: number): Buffer {
  const part = 512
  const bytes = Buffer.alloc(length, 'const application = createApplication();\n')
  for (let start = 0; start < length; start += 2 * part) randomBytes(Math.min(part, length - start)).copy(bytes, start)
  return bytes
}

async function packageWithKeg(container: string, reference: string): Promise<void> {
  const memory = pathToFileURL(join(import.meta.dirname, 'support/report-peak-memory.js')).href
  const {code, stderr} = await keg(['docker', 'package', container, '--tag', reference, '--push', '--yes', '--json'], {
    env: {NODE_OPTIONS: `--import=${memory}`, PEAK_MEMORY: peakMemoryFile},
  })
  if (code !== 0) throw new Error(`keg ended with ${code}: ${stderr}`)
}

async function commitTwice(container: string, reference: string, {gzip}: {gzip: boolean}): Promise<void> {
  const temporary = uniqueName('unpacked')
  const archive = '/keg.tar'
  const flags = gzip ? 'z' : ''
  await docker(['exec', container, 'tar', `-c${flags}f`, archive, '-C', '/', mount.slice(1)])
  await docker(['commit', container, temporary])
  const unpack = ['sh', '-c', `tar -x${flags}f ${archive} -C / && rm ${archive}`]
  await docker(['run', '--name', temporary, temporary, ...unpack])
  await docker(['commit', '--change', `CMD ${JSON.stringify(command)}`, temporary, reference])
  await docker(['rm', temporary])
  await docker(['rmi', temporary])
  await docker(['exec', container, 'rm', archive])
  await docker(['push', '--quiet', reference])
}

async function measure({run}: Way, container: string): Promise<Measured> {
  const registry = await startRegistry()
  const repository = uniqueName('bench')
  const reference = sandbox.addImage(`${registry.address}/${repository}:packaged`)
  try {
    let milliseconds = 0
    const pausedMilliseconds = await pauseDuring(container, async () => {
      milliseconds = await timed(() => run(container, reference))
    })
    return {
      milliseconds,
      pausedMilliseconds,
      imageBytes: Number(await docker(['image', 'inspect', '--format', '{{.Size}}', reference])),
      registryBytes: await bytesHeld(registry.address, repository),
      peakMemory: Number(await readFile(peakMemoryFile, 'utf8').catch(() => 0)),
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

/** Milliseconds that the engine has a container paused while something goes on. */
async function pauseDuring(container: string, action: () => Promise<unknown>): Promise<number> {
  const filters = [`container=${container}`, 'event=pause', 'event=unpause'].flatMap((filter) => ['--filter', filter])
  const since = String(Date.now() / 1000)
  // Read as they come: a busy engine soon forgets events.
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

/** Sum of the layers in a registry, by the manifest (OCI image-spec, manifest.md). */
async function bytesHeld(address: string, repository: string): Promise<number> {
  const accept = [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ].join(', ')
  const response = await fetch(`http://${address}/v2/${repository}/manifests/packaged`, {headers: {accept}})
  const {layers} = (await response.json()) as {layers: {size: number}[]}
  return layers.reduce((sum, {size}) => sum + size, 0)
}

function report(ways: readonly Way[], series: ReadonlyMap<Way, readonly Measured[]>, commits: readonly number[]): void {
  const all = (way: Way | undefined, value: (measured: Measured) => number): number[] =>
    (way === undefined ? [] : (series.get(way) ?? [])).map(value)
  const [own] = ways
  printTable([
    ['', 'seconds', 'times keg', 'paused ms', 'image MB', 'in the registry MB'],
    ...ways.map((way) => [
      way.name,
      spreadText(spread(all(way, (it) => it.milliseconds / 1000))),
      spreadText(
        ratios(
          all(way, (it) => it.milliseconds),
          all(own, (it) => it.milliseconds),
        ),
      ),
      spreadText(spread(all(way, (it) => it.pausedMilliseconds)), 0),
      spread(all(way, (it) => it.imageBytes / megabyte)).median.toFixed(1),
      spread(all(way, (it) => it.registryBytes / megabyte)).median.toFixed(1),
    ]),
  ])
  const paused = all(own, (it) => it.pausedMilliseconds)
  console.log(
    `One docker commit alone pauses the same container for ${spreadText(spread(commits), 0)} ms; keg's pause is ${spreadText(ratios(paused, commits))} times that, and takes the volume too.`,
  )
  const memory = spread(all(own, (it) => it.peakMemory / 1024))
  console.log(`keg's largest resident set: ${spreadText(memory, 0)} MiB.`)
}
