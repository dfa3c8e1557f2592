/** keg on a terminal (from util-linux's script), with key presses. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, readdir, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {isolatedEnvironment} from '../../../scripts/setup/environment.js'
import {shellLine} from '../../../src/lib/terminal/text.js'

const program = join(import.meta.dirname, '../../../bin/dev.js')

/** Ctrl-C on a terminal: in its usual mode it sends SIGINT to all processes in the foreground. */
export const ctrlC = '\u0003'

/** How long `shows` waits: less than the timeout of any test that uses it with much to do, which could not say why. */
const MAX_WAIT_MILLISECONDS = 90_000

/** A run of keg on a terminal. */
export interface KegOnTerminal {
  /** Process id of keg itself. */
  readonly pid: number
  /** Resolves once the terminal has shown a match; throws with everything it showed if keg exits before, or takes too long. */
  shows: (pattern: RegExp) => Promise<void>
  press: (keys: string) => void
  /** Closes the terminal, like closing its window: keg gets a SIGHUP, and cannot show anything any more. */
  close: () => void
  /** Resolves once keg itself has exited, which may be after its terminal. */
  gone: () => Promise<void>
  readonly ended: Promise<{readonly code: number; readonly shown: string; readonly leftovers: readonly string[]}>
}

/** Starts keg in a terminal of 120 columns, with an empty home. The caller awaits `ended`. */
export async function kegOnTerminal(
  kegArguments: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<KegOnTerminal> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-terminal-')))
  const [folder, temporary] = [join(home, 'folder'), join(home, 'tmp')]
  await Promise.all([mkdir(folder), mkdir(temporary)])
  const keg = shellLine([process.execPath, '--', program, ...kegArguments])
  const child = spawn('script', ['-qec', `stty cols 120 rows 40; echo "pid $$"; exec ${keg}`, '/dev/null'], {
    cwd: folder,
    env: {
      ...(await isolatedEnvironment(home)),
      NODE_OPTIONS: '',
      SHELL: '/bin/sh',
      TERM: 'xterm',
      TMPDIR: temporary,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  child.stdin.on('error', () => undefined)
  const end = async () => {
    const [code] = (await once(child, 'close')) as [number | null]
    const leftovers = await readdir(temporary)
    await rm(home, {force: true, recursive: true})
    return {code: code ?? -1, shown, leftovers}
  }
  const ended = end()
  ended.catch(() => undefined)
  const shows = async (pattern: RegExp): Promise<void> => {
    const problem = (what: string): Error => new Error(`keg ${what} and never showed ${String(pattern)}: ${shown}`)
    const limit = AbortSignal.timeout(MAX_WAIT_MILLISECONDS)
    while (!pattern.test(shown)) {
      const heard = once(child.stdout, 'data', {signal: limit}).then(
        () => false,
        () => Promise.reject(problem(`ran ${MAX_WAIT_MILLISECONDS / 1000} s`)),
      )
      const isOver = await Promise.race([heard, ended.then(() => true)])
      heard.catch(() => undefined)
      if (isOver && !pattern.test(shown)) throw problem('ended')
    }
  }
  await shows(/pid \d+\r?\n/)
  const pid = Number(/pid (\d+)/.exec(shown)?.[1])
  const gone = async (): Promise<void> => {
    await ended
    while (isThere(pid)) await wait(20)
  }
  return {pid, shows, press: (keys) => child.stdin.write(keys), close: () => child.kill('SIGKILL'), gone, ended}
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
