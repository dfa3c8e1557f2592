/**
 * How long keg takes to start, as its users have it: installed from its packages, with the plugin @keg/docker, as a ratio to
 * what Node itself takes. Promised: `keg --version` within 3 times `node -e 0`.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {InstalledKeg} from '../test/e2e/support/installed-keg.js'
import {load, printTable, ratios, rounds, spread, spreadText, timed} from './support/measure.js'

const promised = 3
const bare = 'node -e 0'

const installed = await InstalledKeg.create()
try {
  const machine = await installed.machine('user')
  await machine.kegSucceeds(['plugins', 'install', '@keg/docker'])
  const commands = [
    [bare, process.execPath, ['-e', '0']],
    ['keg --version', 'keg', ['--version']],
    ['keg --help', 'keg', ['--help']],
    ['keg docker package --help', 'keg', ['docker', 'package', '--help']],
  ] as const
  const start = (program: string, programArguments: readonly string[]) => async () => {
    const child = spawn(program, programArguments, {cwd: machine.home, env: machine.environment, stdio: 'ignore'})
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`${program} ${programArguments.join(' ')} ended with ${String(code)}`)
  }
  const times = new Map<string, number[]>(commands.map(([name]) => [name, []]))
  const count = rounds(15)
  console.log(`${count} rounds in turns, ${load()}`)
  for (let round = 0; round <= count; round++) {
    for (const [name, program, programArguments] of commands) {
      const milliseconds = await timed(start(program, programArguments))
      // The first round only brings the files into memory.
      if (round > 0) times.get(name)?.push(milliseconds)
    }
  }
  const nodeAlone = times.get(bare) ?? []
  printTable([
    ['', 'milliseconds', `times ${bare}`],
    ...[...times].map(([name, series]) => [name, spreadText(spread(series), 0), spreadText(ratios(series, nodeAlone))]),
  ])
  const {median} = ratios(times.get('keg --version') ?? [], nodeAlone)
  const verdict = median <= promised ? 'kept' : 'NOT kept'
  console.log(`Promised: keg --version within ${promised} times ${bare}. ${verdict}: ${median.toFixed(2)} times.`)
} finally {
  await installed.remove()
}
