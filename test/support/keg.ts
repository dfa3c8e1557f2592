/**
 * The built program as a user runs it: a child process with its own home, nothing of the user's and nothing of a CI's.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chown, mkdir, mkdtemp, readdir, realpath, rm} from 'node:fs/promises'
import {constants, tmpdir} from 'node:os'
import {join} from 'node:path'

import {isolatedEnvironment} from '../../scripts/setup/environment.js'
import {checkAnswers} from './answers.js'
import {Resident, type Ended} from './resident.js'

/** keg from this checkout. */
export const program = join(import.meta.dirname, '../../bin/dev.js')

export interface KegOptions {
  /** Working directory; default: an empty folder outside any repository. */
  cwd?: string
  /** Added to the isolated environment; undefined removes a variable. */
  env?: Record<string, string | undefined>
  /** Default: stdin is empty. */
  input?: Buffer | string
  /** Has stdin say nothing and never end, like a build service's. */
  silentInput?: boolean
  /** Has `keg()` start a new process for this run. */
  ownProcess?: boolean
  /** The user it runs as, if the tests run as root; default: the tests' own. */
  user?: {gid: number; uid: number}
}

/** How a run of keg ended. */
export interface KegResult {
  /** Like a shell's: 128 plus the signal's number if a signal ended it. */
  code: number
  /** Null if no signal ended it. */
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Names left in its temporary folder, which was empty and its own. */
  leftovers: string[]
  /** stdout as JSON; throws with all output if it is none. */
  json: () => Record<string, unknown>
}

/** A running keg. */
export interface RunningKeg {
  readonly pid: number
  /** Resolves once stderr (or stdout) matches; throws with all output if keg ends first, or says nothing of it for long. */
  said: (pattern: RegExp, stream?: 'stderr' | 'stdout') => Promise<void>
  kill: (signal: NodeJS.Signals) => void
  /** Stops reading its stdout, like `| head`. */
  closeOutput: () => void
  readonly ended: Promise<KegResult>
}

/** How long `said` waits, in milliseconds: less than the timeout of any test that uses it, which could not say why. */
const MAX_SILENCE_MILLISECONDS = 45_000

/** Starts keg without waiting for it. The caller awaits `ended`, which removes its home. */
export async function startKeg(kegArguments: readonly string[], options: KegOptions = {}): Promise<RunningKeg> {
  const {end, environment, folder} = await prepare(kegArguments, options)
  const child = spawn(process.execPath, ['--', program, ...kegArguments], {
    cwd: folder,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options.user,
  })
  const text = {stdout: '', stderr: ''}
  let isClosed = false
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => (text[stream] += part))
  // A process that ends before it reads its input closes the pipe; its output says more than EPIPE.
  child.stdin.on('error', () => undefined)
  if (options.silentInput !== true) child.stdin.end(options.input)

  const awaitEnd = async (): Promise<KegResult> => {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return end({...text, code, signal}, signal === null && !isClosed)
  }
  const ended = awaitEnd()
  ended.catch(() => undefined)

  const said = async (pattern: RegExp, stream: 'stderr' | 'stdout' = 'stderr'): Promise<void> => {
    const problem = (what: string): Error =>
      new Error(`keg ${what} without saying ${String(pattern)}: ${JSON.stringify(text, null, 2)}`)
    const limit = AbortSignal.timeout(MAX_SILENCE_MILLISECONDS)
    while (!pattern.test(text[stream])) {
      const heard = once(child[stream], 'data', {signal: limit}).then(
        () => false,
        () => Promise.reject(problem(`ran ${MAX_SILENCE_MILLISECONDS / 1000} s`)),
      )
      const isOver = await Promise.race([heard, ended.then(() => true)])
      heard.catch(() => undefined)
      if (isOver && !pattern.test(text[stream])) throw problem('ended')
    }
  }
  if (child.pid === undefined) throw new Error('keg could not be started')
  const closeOutput = (): void => {
    isClosed = true
    child.stdout.destroy()
  }
  return {pid: child.pid, said, kill: (signal) => child.kill(signal), closeOutput, ended}
}

/**
 * Runs keg until it ends, with any exit code. Reuses a process that ran it before, which takes a fifth of the time,
 * unless the process itself matters: its input, its user, how it is started.
 */
export async function keg(kegArguments: readonly string[], options: KegOptions = {}): Promise<KegResult> {
  const {env = {}, input, ownProcess, silentInput, user} = options
  if (
    ownProcess === true ||
    input !== undefined ||
    silentInput !== undefined ||
    user !== undefined ||
    Object.keys(env).some((name) => readWhenLoaded.test(name))
  )
    return (await startKeg(kegArguments, options)).ended
  const {end, environment, folder} = await prepare(kegArguments, options)
  const resident = residents.pop() ?? new Resident()
  busy.add(resident)
  try {
    return await end(await resident.run({kegArguments, environment, folder}))
  } finally {
    busy.delete(resident)
    if (!resident.isGone) residents.push(resident)
  }
}

/** Variables that libraries read when they are loaded. */
const readWhenLoaded = /^(?:FORCE_COLOR|NO_COLOR|COLORTERM|COLUMNS|TERM|CI|DEBUG|(?:NODE|OCLIF)_.*)$/

/** Idle processes, which end with this one. */
const residents: Resident[] = []
/** Busy processes. */
const busy = new Set<Resident>()
// Without this, a run whose test timed out would keep the tests from ending. (Benchmarks have no hooks.)
if ('after' in globalThis) after(async () => Promise.all([...busy].map(async (resident) => resident.end())))

/** A home, a folder and an environment for a run; `end` removes them, and checks what it printed against its schema. */
export async function prepare(kegArguments: readonly string[], {cwd, env, user}: KegOptions) {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-home-')))
  const [folder, temporary] = [join(home, 'folder'), join(home, 'tmp')]
  await Promise.all([mkdir(folder), mkdir(temporary)])
  if (user !== undefined) await Promise.all([home, folder, temporary].map((path) => chown(path, user.uid, user.gid)))
  const isolated = {...(await isolatedEnvironment(home)), NODE_OPTIONS: undefined, TMPDIR: temporary, ...env}
  const end = async ({code, signal, stderr, stdout}: Ended, isWhole = signal === null): Promise<KegResult> => {
    const leftovers = await readdir(temporary)
    await rm(home, {force: true, recursive: true})
    if (isWhole) checkAnswers({kegArguments, stdout})
    const json = (): Record<string, unknown> => {
      try {
        return JSON.parse(stdout) as Record<string, unknown>
      } catch {
        throw new Error(`keg gave no JSON: ${JSON.stringify({kegArguments, code, stdout, stderr}, null, 2)}`)
      }
    }
    const exit = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
    return {code: exit, signal, stdout, stderr, leftovers, json}
  }
  const environment = Object.fromEntries(
    Object.entries(isolated).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ) as Record<string, string>
  return {end, environment, folder: cwd ?? folder}
}
