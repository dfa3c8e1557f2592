/**
 * `keg sync` beside plain Mutagen, with 5,000 files: how long an edit deep in the folder takes until the container has it, what
 * that costs while nobody edits, and how long the first sync takes. Promised: an edit within 1.2 s by settings alone, within
 * 0.5 s while `keg sync monitor` watches, and a first sync within 1.2 times what Mutagen itself takes.
 *
 * Only one session runs at a time, the others are paused. Each edit is of a file that was not edited before, since Mutagen
 * watches what was edited lately more closely, and comes at a moment of its own between two looks. `BENCH_ROUNDS=9 npm run bench
 * -- sync` for more rounds.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {docker, Sandbox} from '../test/support/docker.js'
import {keg, startKeg} from '../test/support/keg.js'
import {startMutagen, syncImage} from '../test/support/mutagen.js'
import {manyFiles, treeDifferences, treeIn, treeOf, writeFiles} from '../test/support/tree.js'
import {load, printTable, ratios, rounds, spread, spreadText, timed} from './support/measure.js'

const fileCount = 5000
const remote = '/home/node/app'
const idleSeconds = 20
/** Clock ticks of a second (getconf CLK_TCK on Linux). */
const ticks = 100

interface Way {
  readonly name: string
  readonly container: string
  readonly folder: string
  readonly session: string
  /** While it is measured, keg watches, too. */
  readonly isMonitored: boolean
}

const sandbox = new Sandbox()
const mutagen = await startMutagen()
try {
  const image = await syncImage(sandbox)
  const files = manyFiles(fileCount)
  const paths = Object.keys(files)
  const count = rounds(5)
  console.log(`${fileCount} files, ${count} rounds in turns, ${load()}`)
  await compareFirstSyncs(count)
  const ways = await makeWays()
  await compareIdleCosts(ways)
  await compareEdits(ways, count)

  async function folderWithFiles(): Promise<string> {
    const folder = await sandbox.temporaryFolder('bench')
    await writeFiles(folder, files)
    return folder
  }

  async function createWithKeg(container: string, folder: string): Promise<void> {
    const line = ['sync', 'create', container, '--local', folder, '--remote', remote]
    const {code, stderr} = await keg(line, {env: mutagen.environment})
    if (code !== 0) throw new Error(stderr)
  }

  async function createPlain(container: string, folder: string, flags: readonly string[] = []): Promise<void> {
    await mutagen.run('sync', 'create', ...flags, folder, `docker://${container}${remote}`)
    await mutagen.run('sync', 'flush', await sessionOf(folder))
  }

  async function sessionOf(folder: string): Promise<string> {
    const found = (await mutagen.sessions()).find(({alpha}) => alpha.path === folder)
    if (found === undefined) throw new Error(`no session of ${folder}`)
    return found.identifier
  }

  /** Each in a new container, so that Mutagen's agent is copied into each. */
  async function compareFirstSyncs(number: number): Promise<void> {
    const folder = await folderWithFiles()
    const series = {keg: [] as number[], plain: [] as number[]}
    const first = async (create: (container: string, folder: string) => Promise<void>): Promise<number> => {
      const container = await sandbox.run([image])
      const milliseconds = await timed(async () => create(container, folder))
      const differences = treeDifferences(await treeOf(folder), await treeIn(container, remote))
      if (differences.length > 0) throw new Error(`not synced: ${differences.length} paths`)
      await mutagen.run('sync', 'terminate', '--all')
      await docker(['rm', '--force', container])
      return milliseconds
    }
    for (let round = 0; round < number; round++) {
      const order = round % 2 === 0 ? (['keg', 'plain'] as const) : (['plain', 'keg'] as const)
      for (const name of order) series[name].push(await first(name === 'keg' ? createWithKeg : createPlain))
    }
    printTable([
      ['first sync', 'milliseconds', 'times plain mutagen'],
      ['keg sync create', spreadText(spread(series.keg), 0), spreadText(ratios(series.keg, series.plain))],
      ['mutagen sync create, flush', spreadText(spread(series.plain), 0), '1.00'],
    ])
    verdict('a first sync within 1.2 times what mutagen takes', ratios(series.keg, series.plain).median, 1.2)
  }

  async function makeWays(): Promise<Way[]> {
    const made = async (
      name: string,
      create: (container: string, folder: string) => Promise<void>,
    ): Promise<Omit<Way, 'isMonitored'>> => {
      const [container, folder] = [await sandbox.run([image]), await folderWithFiles()]
      await create(container, folder)
      const session = await sessionOf(folder)
      await mutagen.run('sync', 'pause', session)
      return {name, container, folder, session}
    }
    const own = await made("keg's settings", createWithKeg)
    const settings = await settingsOf(own.session)
    return [
      {...own, isMonitored: false},
      {...own, name: 'keg sync monitor', isMonitored: true},
      {
        ...(await made("mutagen with keg's settings", async (container, folder) =>
          createPlain(container, folder, settings),
        )),
        isMonitored: false,
      },
      {...(await made('mutagen by default', createPlain)), isMonitored: false},
    ]
  }

  /** The flags that have plain Mutagen watch as a session of keg's does. */
  async function settingsOf(session: string): Promise<string[]> {
    const text = await mutagen.run('sync', 'list', session, '--template', '{{json .}}')
    const [found] = JSON.parse(text) as [{watch?: Record<string, string | number>}]
    const {mode, pollingInterval} = found.watch ?? {}
    return [
      ...(mode === undefined ? [] : [`--watch-mode=${mode}`]),
      ...(pollingInterval === undefined ? [] : [`--watch-polling-interval=${pollingInterval}`]),
    ]
  }

  /** Runs something while a way's session alone runs. */
  async function during<Result>(way: Way, action: (kegId: number | undefined) => Promise<Result>): Promise<Result> {
    await mutagen.run('sync', 'resume', way.session)
    await mutagen.run('sync', 'flush', way.session)
    const line = ['sync', 'monitor', way.session]
    const monitor = way.isMonitored ? await startKeg(line, {env: mutagen.environment}) : undefined
    try {
      await monitor?.said(/: watching /, 'stdout')
      return await action(monitor?.pid)
    } finally {
      monitor?.kill('SIGINT')
      await monitor?.ended
      await mutagen.run('sync', 'pause', way.session)
    }
  }

  async function compareEdits(compared: readonly Way[], number: number): Promise<void> {
    const series = new Map<Way, number[]>(compared.map((way) => [way, []]))
    for (let round = 0; round < number; round++)
      for (const way of compared)
        series.get(way)?.push(
          await during(way, async () => {
            await sleep(2000 + Math.random() * 1000)
            return editToVisible(way, paths[4800 - round * 97 - (way.isMonitored ? 1 : 0)] ?? '', `edit ${round}`)
          }),
        )
    const byDefault = [...series.values()].at(-1) ?? []
    printTable([
      ['edit to visible', 'milliseconds', 'times mutagen by default'],
      ...[...series].map(([{name}, values]) => [
        name,
        spreadText(spread(values), 0),
        spreadText(ratios(values, byDefault)),
      ]),
    ])
    for (const [{isMonitored, name}, values] of series)
      if (name.startsWith('keg'))
        verdict(
          `${name}: an edit is visible within ${isMonitored ? 500 : 1200} ms`,
          spread(values).median,
          isMonitored ? 500 : 1200,
        )
  }

  async function compareIdleCosts(compared: readonly Way[]): Promise<void> {
    const rows: string[][] = []
    for (const way of compared) {
      const percent = await during(way, async (kegId) => {
        await sleep(3000)
        const before = await processorTicks(way, kegId)
        await sleep(idleSeconds * 1000)
        return ((await processorTicks(way, kegId)) - before) / ((idleSeconds * ticks) / 100)
      })
      rows.push([way.name, percent.toFixed(1)])
    }
    printTable([['while nobody edits', 'percent of a core'], ...rows])
  }

  /** Processor time of Mutagen's daemon, of all in the container, and of keg where it watches. */
  async function processorTicks({container}: Way, kegId: number | undefined): Promise<number> {
    const inside = (await docker(['top', container, '-eo', 'pid'])).split('\n').slice(1).map(Number)
    const ids = [...(await mutagen.processIds()), ...inside, ...(kegId === undefined ? [] : [kegId])]
    const used = await Promise.all(ids.map(ticksOf))
    return used.reduce((sum, each) => sum + each, 0)
  }
} finally {
  await mutagen.stop()
  await sandbox.clean()
}

/** Milliseconds from the edit of a file until a program in the container reads it. */
async function editToVisible({container, folder}: Way, path: string, content: string): Promise<number> {
  const script = 'echo ready; until read -r line <"$1" && [ "$line" = "$2" ]; do sleep 0.01; done; echo seen'
  const reader = spawn('docker', ['exec', container, 'sh', '-c', script, 'sh', join(remote, path), content], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(reader.stdout, 'data')
    const seen = once(reader.stdout, 'data')
    return await timed(async () => {
      await writeFile(join(folder, path), `${content}\n`)
      await seen
    })
  } finally {
    reader.kill()
  }
}

/** User and system time of a process (proc(5), stat). */
async function ticksOf(id: number): Promise<number> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
}

function verdict(promise: string, value: number, most: number): void {
  console.log(`Promised: ${promise}. ${value <= most ? 'kept' : 'NOT kept'}: ${value.toFixed(value < 10 ? 2 : 0)}.`)
}
