/**
 * Compares `keg tap start` with `docker compose up -d` for the same service: for a running tap, and for a stopped one; and
 * `keg NAME path` with `keg tap path NAME`, for what taps as commands cost. Promised: without pull and sync, starting a
 * running tap takes at most 0.6 s more than compose itself, and 3 s more if the app was stopped and keg, unlike compose,
 * waits for its healthcheck; and the short form takes at most 1.2 times as long as the long one.
 *
 * `BENCH_ROUNDS=9 npm run bench -- tap` for more rounds.
 */
import {docker} from '../test/support/docker.js'
import {servingTap} from '../test/support/tap-shapes.js'
import {TapBed} from '../test/support/taps.js'
import {load, printTable, ratios, roundCount, spread, spreadText, timed} from './support/measure.js'

const count = roundCount(5)
const bed = await TapBed.start()
try {
  const tap = await bed.tap(servingTap)
  // The same service for compose alone: image, port, environment.
  const model = {
    name: `${tap.name}-compose`,
    services: {
      news: {
        image: `${tap.repository}:develop`,
        ports: ['127.0.0.1::8080'],
        environment: {DOC_APP_PATH: '/app', KEG_PROXY_PORT: '8080'},
      },
    },
  }
  const compose = async (...args: string[]): Promise<void> => {
    await docker(['compose', '--file', '-', ...args], {input: JSON.stringify(model)})
  }
  const keg = async (...args: string[]): Promise<void> => {
    // As a user starts it: the process that the tests reuse would skip keg's own start.
    await bed.kegSucceeds(args, {ownProcess: true})
  }
  const start = ['tap', 'start', tap.name, '--detach']
  const upOnly = ['--no-sync', '--pull', 'never']
  console.log(`${count} rounds in turns, ${load()}`)
  await compose('up', '--detach')
  await keg(...start)

  await compareStarts('of what runs', 600, async () => Promise.resolve())
  await compareStarts('of what was stopped', 3000, async () => {
    await Promise.all([compose('stop', '--timeout', '1'), keg('tap', 'stop', tap.name)])
  })
  await compareForms()
  await keg('tap', 'destroy', tap.name, '--yes')
  await compose('down', '--timeout', '1')

  async function compareStarts(subject: string, max: number, prepare: () => Promise<void>): Promise<void> {
    const methods = [
      ['keg tap start', async () => keg(...start)],
      ['keg tap start, no pull, no sync', async () => keg(...start, ...upOnly)],
      ['docker compose up -d', async () => compose('up', '--detach')],
    ] as const
    const series = methods.map((): number[] => [])
    for (let round = 0; round < count; round++)
      for (const [index, [, run]] of methods.entries()) {
        await prepare()
        series[index]?.push(await timed(run))
      }
    const [, plain = [], base = []] = series
    printTable([
      [`start ${subject}`, 'milliseconds', 'times compose'],
      ...methods.map(([name], index) => [
        name,
        spreadText(spread(series[index] ?? []), 0),
        spreadText(ratios(series[index] ?? [], base)),
      ]),
    ])
    const extra = spread(plain.map((value, index) => value - (base[index] ?? 0))).median
    verdict(`a start ${subject} takes at most ${max} ms more than compose`, extra, max)
  }

  async function compareForms(): Promise<void> {
    const forms = [
      [tap.name, 'path'],
      ['tap', 'path', tap.name],
    ]
    const series = forms.map((): number[] => [])
    for (let round = 0; round < 2 * count; round++)
      for (const [index, form] of forms.entries()) series[index]?.push(await timed(async () => keg(...form)))
    const [short = [], long = []] = series
    printTable([
      ['the path of a tap', 'milliseconds', 'times keg tap path NAME'],
      ...['keg NAME path', 'keg tap path NAME'].map((name, index) => [
        name,
        spreadText(spread(series[index] ?? []), 0),
        spreadText(ratios(series[index] ?? [], long)),
      ]),
    ])
    verdict('the short form takes at most 1.2 times the long one', ratios(short, long).median, 1.2)
  }
} finally {
  await bed.stop()
}

function verdict(promise: string, value: number, max: number): void {
  console.log(`Promised: ${promise}. ${value <= max ? 'kept' : 'NOT kept'}: ${value.toFixed(value < 10 ? 2 : 0)}.`)
}
