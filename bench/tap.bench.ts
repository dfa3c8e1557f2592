/**
 * `keg tap start` beside `docker compose up -d` of the same service: of a tap that runs, and of one that was stopped; and what
 * it costs that taps are commands, `keg NAME path` beside `keg tap path NAME`. Promised: without pull and sync a start takes at
 * most 2 s more than compose itself, 3 s where the app was stopped and its healthcheck is waited for, which compose does not; and
 * the short form takes at most 1.2 times as long as the long one.
 *
 * `BENCH_ROUNDS=9 npm run bench -- tap` for more rounds.
 */
import {docker} from '../test/support/docker.js'
import {servingTap} from '../test/support/tap-shapes.js'
import {TapBed} from '../test/support/taps.js'
import {load, printTable, ratios, rounds, spread, spreadText, timed} from './support/measure.js'

const count = rounds(5)
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
  const compose = async (...words: string[]): Promise<void> => {
    await docker(['compose', '--file', '-', ...words], {input: JSON.stringify(model)})
  }
  const keg = async (...words: string[]): Promise<void> => {
    await bed.kegSucceeds(words)
  }
  const start = ['tap', 'start', tap.name, '--detach']
  const alone = ['--no-sync', '--pull', 'never']
  console.log(`${count} rounds in turns, ${load()}`)
  await compose('up', '--detach')
  await keg(...start)

  await compareStarts('of what runs', 2000, async () => Promise.resolve())
  await compareStarts('of what was stopped', 3000, async () => {
    await Promise.all([compose('stop', '--timeout', '1'), keg('tap', 'stop', tap.name)])
  })
  await compareForms()
  await keg('tap', 'destroy', tap.name, '--yes')
  await compose('down', '--timeout', '1')

  async function compareStarts(what: string, most: number, prepare: () => Promise<void>): Promise<void> {
    const ways = [
      ['keg tap start', async () => keg(...start)],
      ['keg tap start, no pull, no sync', async () => keg(...start, ...alone)],
      ['docker compose up -d', async () => compose('up', '--detach')],
    ] as const
    const series = ways.map((): number[] => [])
    for (let round = 0; round < count; round++)
      for (const [index, [, way]] of ways.entries()) {
        await prepare()
        series[index]?.push(await timed(way))
      }
    const [, plain = [], base = []] = series
    printTable([
      [`start ${what}`, 'milliseconds', 'times compose'],
      ...ways.map(([name], index) => [
        name,
        spreadText(spread(series[index] ?? []), 0),
        spreadText(ratios(series[index] ?? [], base)),
      ]),
    ])
    const more = spread(plain.map((value, index) => value - (base[index] ?? 0))).median
    verdict(`a start ${what} takes at most ${most} ms more than compose`, more, most)
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

function verdict(promise: string, value: number, most: number): void {
  console.log(`Promised: ${promise}. ${value <= most ? 'kept' : 'NOT kept'}: ${value.toFixed(value < 10 ? 2 : 0)}.`)
}
