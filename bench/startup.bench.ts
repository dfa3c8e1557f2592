/**
 * How long keg takes to start, installed from its packages with plugins as users have it, as a ratio to Node itself.
 * Promised: `keg --version` within 2.2 times `node -e 0`, and a command of an installed plugin within 2.4 times.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {InstalledKeg} from '../test/e2e/support/installed-keg.js'
import {load, printTable, ratios, roundCount, spread, spreadText, timed} from './support/measure.js'

const promised: readonly (readonly [command: string, ratio: number])[] = [
  ['keg --version', 2.2],
  ['keg tap list', 2.4],
]
const bare = 'node -e 0'

const installed = await InstalledKeg.create()
try {
  const machine = await installed.machine('user')
  for (const plugin of ['@keg/docker', '@keg/tap']) await machine.kegSucceeds(['plugins', 'install', plugin])
  const commands = [
    [bare, process.execPath, ['-e', '0']],
    ['keg --version', 'keg', ['--version']],
    ['keg --help', 'keg', ['--help']],
    ['keg docker package --help', 'keg', ['docker', 'package', '--help']],
    ['keg tap list', 'keg', ['tap', 'list']],
  ] as const
  const start = (program: string, programArguments: readonly string[]) => async () => {
    const child = spawn(program, programArguments, {cwd: machine.home, env: machine.environment, stdio: 'ignore'})
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`${program} ${programArguments.join(' ')} ended with ${String(code)}`)
  }
  const times = new Map<string, number[]>(commands.map(([name]) => [name, []]))
  const count = roundCount(15)
  console.log(`${count} rounds in turns, ${load()}`)
  for (let round = 0; round <= count; round++) {
    for (const [name, program, programArguments] of commands) {
      const milliseconds = await timed(start(program, programArguments))
      // The first round only loads the files into memory.
      if (round > 0) times.get(name)?.push(milliseconds)
    }
  }
  const nodeAlone = times.get(bare) ?? []
  printTable([
    ['', 'milliseconds', `times ${bare}`],
    ...[...times].map(([name, series]) => [name, spreadText(spread(series), 0), spreadText(ratios(series, nodeAlone))]),
  ])
  for (const [command, ratio] of promised) {
    const {median} = ratios(times.get(command) ?? [], nodeAlone)
    const verdict = median <= ratio ? 'kept' : 'NOT kept'
    console.log(`Promised: ${command} within ${ratio} times ${bare}. ${verdict}: ${median.toFixed(2)} times.`)
  }
} finally {
  await installed.remove()
}
