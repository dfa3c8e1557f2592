/** The built program as a user runs it: a child process with a home of its own, nothing of the user's and nothing of a CI's. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, readdir, realpath, rm} from 'node:fs/promises'
import {constants, tmpdir} from 'node:os'
import {join} from 'node:path'

import {isolatedEnvironment} from '../../scripts/setup/environment.js'

const program = join(import.meta.dirname, '../../bin/dev.js')

export interface KegOptions {
  /** Where it is started; default: an empty folder that is in no repository. */
  cwd?: string
  /** Above the isolated environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>
  /** Default: stdin is empty. */
  input?: Buffer | string
}

/** How a run of keg ended. */
export interface KegResult {
  /** As a shell has it: 128 and the number of the signal where one ended it. */
  code: number
  /** Null where it ended by itself. */
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Names left in its temporary folder, which was its own and empty. */
  leftovers: string[]
  /** stdout as JSON; throws with all that keg said where it is none. */
  json: () => Record<string, unknown>
}

/** A run of keg that goes on. */
export interface RunningKeg {
  readonly pid: number
  /** Resolves once stderr (or stdout) has what fits; throws with all that keg said when it ends before. */
  said: (pattern: RegExp, stream?: 'stderr' | 'stdout') => Promise<void>
  kill: (signal: NodeJS.Signals) => void
  /** Reads its stdout no more, as `| head` does. */
  closeOutput: () => void
  readonly ended: Promise<KegResult>
}

/** Starts keg and lets it run. Whoever starts it awaits `ended`: its home is removed then. */
export async function startKeg(kegArguments: readonly string[], options: KegOptions = {}): Promise<RunningKeg> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-home-')))
  const [folder, temporary] = [join(home, 'folder'), join(home, 'tmp')]
  await Promise.all([mkdir(folder), mkdir(temporary)])
  const isolated = {...(await isolatedEnvironment(home)), NODE_OPTIONS: undefined, TMPDIR: temporary, ...options.env}
  const child = spawn(process.execPath, ['--', program, ...kegArguments], {
    cwd: options.cwd ?? folder,
    env: Object.fromEntries(Object.entries(isolated).filter(([, value]) => value !== undefined)),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const text = {stdout: '', stderr: ''}
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => (text[stream] += part))
  // One that ends before it read its input closes the pipe; what it said tells more than EPIPE.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)

  const end = async (): Promise<KegResult> => {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    const leftovers = await readdir(temporary)
    await rm(home, {force: true, recursive: true})
    const json = (): Record<string, unknown> => {
      try {
        return JSON.parse(text.stdout) as Record<string, unknown>
      } catch {
        throw new Error(`keg gave no JSON: ${JSON.stringify({kegArguments, code, ...text}, null, 2)}`)
      }
    }
    return {...text, code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal, leftovers, json}
  }
  const ended = end()
  ended.catch(() => undefined)

  const said = async (pattern: RegExp, stream: 'stderr' | 'stdout' = 'stderr'): Promise<void> => {
    while (!pattern.test(text[stream])) {
      const isOver = await Promise.race([once(child[stream], 'data').then(() => false), ended.then(() => true)])
      if (isOver && !pattern.test(text[stream]))
        throw new Error(`keg ended without saying ${String(pattern)}: ${JSON.stringify(text, null, 2)}`)
    }
  }
  if (child.pid === undefined) throw new Error('keg could not be started')
  const closeOutput = (): void => void child.stdout.destroy()
  return {pid: child.pid, said, kill: (signal) => child.kill(signal), closeOutput, ended}
}

/** Runs keg to its end, whatever its exit code. */
export async function keg(kegArguments: readonly string[], options: KegOptions = {}): Promise<KegResult> {
  return (await startKeg(kegArguments, options)).ended
}
