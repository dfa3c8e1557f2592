/**
 * Compares `keg sync` with plain Mutagen, with 5,000 files: how long an edit deep in the folder takes to reach the
 * container, what an idle sync costs, and how long the first sync takes. Promised: an edit within 1.2 s by settings alone,
 * within 0.5 s while `keg sync monitor` watches, and a first sync within 1.2 times Mutagen's own.
 *
 * Only one session runs at a time, the others are paused. Each edit is of a new file, since Mutagen watches recently edited
 * files more closely, and at a different moment between two scans. `BENCH_ROUNDS=9 npm run bench -- sync` for more rounds.
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
import {load, printTable, ratios, roundCount, spread, spreadText, timed} from './support/measure.js'

const fileCount = 5000
const remote = '/home/node/app'
const idleSeconds = 20
/** Clock ticks per second (getconf CLK_TCK on Linux). */
const ticks = 100

interface Method {
  readonly name: string
  readonly container: string
  readonly folder: string
  readonly session: string
  /** keg also watches while it is measured. */
  readonly isMonitored: boolean
}

const sandbox = new Sandbox()
const mutagen = await startMutagen()
try {
  const image = await syncImage(sandbox)
  const files = manyFiles(fileCount)
  const paths = Object.keys(files)
  const count = roundCount(5)
  console.log(`${fileCount} files, ${count} rounds in turns, ${load()}`)
  await compareFirstSyncs(count)
  const methods = await makeMethods()
  await compareIdleCosts(methods)
  await compareEdits(methods, count)

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

  async function makeMethods(): Promise<Method[]> {
    const makeSession = async (
      name: string,
      create: (container: string, folder: string) => Promise<void>,
    ): Promise<Omit<Method, 'isMonitored'>> => {
      const [container, folder] = [await sandbox.run([image]), await folderWithFiles()]
      await create(container, folder)
      const session = await sessionOf(folder)
      await mutagen.run('sync', 'pause', session)
      return {name, container, folder, session}
    }
    const own = await makeSession("keg's settings", createWithKeg)
    const settings = await settingsOf(own.session)
    return [
      {...own, isMonitored: false},
      {...own, name: 'keg sync monitor', isMonitored: true},
      {
        ...(await makeSession("mutagen with keg's settings", async (container, folder) =>
          createPlain(container, folder, settings),
        )),
        isMonitored: false,
      },
      {...(await makeSession('mutagen by default', createPlain)), isMonitored: false},
    ]
  }

  /** The flags for plain Mutagen to watch as keg's sessions do. */
  async function settingsOf(session: string): Promise<string[]> {
    const text = await mutagen.run('sync', 'list', session, '--template', '{{json .}}')
    const [found] = JSON.parse(text) as [{watch?: Record<string, string | number>}]
    const {mode, pollingInterval} = found.watch ?? {}
    return [
      ...(mode === undefined ? [] : [`--watch-mode=${mode}`]),
      ...(pollingInterval === undefined ? [] : [`--watch-polling-interval=${pollingInterval}`]),
    ]
  }

  /** Runs an action while only one method's session runs. */
  async function whileRunning<Result>(
    method: Method,
    action: (kegId: number | undefined) => Promise<Result>,
  ): Promise<Result> {
    await mutagen.run('sync', 'resume', method.session)
    await mutagen.run('sync', 'flush', method.session)
    const line = ['sync', 'monitor', method.session]
    const monitor = method.isMonitored ? await startKeg(line, {env: mutagen.environment}) : undefined
    try {
      await monitor?.said(/: watching /, 'stdout')
      return await action(monitor?.pid)
    } finally {
      monitor?.kill('SIGINT')
      await monitor?.ended
      await mutagen.run('sync', 'pause', method.session)
    }
  }

  async function compareEdits(compared: readonly Method[], number: number): Promise<void> {
    const series = new Map<Method, number[]>(compared.map((method) => [method, []]))
    for (let round = 0; round < number; round++)
      for (const method of compared)
        series.get(method)?.push(
          await whileRunning(method, async () => {
            await sleep(2000 + Math.random() * 1000)
            return editToVisible(method, paths[4800 - round * 97 - (method.isMonitored ? 1 : 0)] ?? '', `edit ${round}`)
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

  async function compareIdleCosts(compared: readonly Method[]): Promise<void> {
    const rows: string[][] = []
    for (const method of compared) {
      const percent = await whileRunning(method, async (kegId) => {
        await sleep(3000)
        const before = await processorTicks(method, kegId)
        await sleep(idleSeconds * 1000)
        return ((await processorTicks(method, kegId)) - before) / ((idleSeconds * ticks) / 100)
      })
      rows.push([method.name, percent.toFixed(1)])
    }
    printTable([['while nobody edits', 'percent of a core'], ...rows])
  }

  /** Processor time of Mutagen's daemon, of the whole container, and of keg if it watches. */
  async function processorTicks({container}: Method, kegId: number | undefined): Promise<number> {
    const inside = (await docker(['top', container, '-eo', 'pid'])).split('\n').slice(1).map(Number)
    const ids = [...(await mutagen.processIds()), ...inside, ...(kegId === undefined ? [] : [kegId])]
    const used = await Promise.all(ids.map(ticksOf))
    return used.reduce((sum, each) => sum + each, 0)
  }
} finally {
  await mutagen.stop()
  await sandbox.clean()
}

/** Milliseconds from an edit until a program in the container reads it. */
async function editToVisible({container, folder}: Method, path: string, content: string): Promise<number> {
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

function verdict(promise: string, value: number, max: number): void {
  console.log(`Promised: ${promise}. ${value <= max ? 'kept' : 'NOT kept'}: ${value.toFixed(value < 10 ? 2 : 0)}.`)
}
