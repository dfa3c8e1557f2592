/** A process that runs keg repeatedly. */
import {spawn, type ChildProcess} from 'node:child_process'
import {randomUUID} from 'node:crypto'
import {once} from 'node:events'
import type {Socket} from 'node:net'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

/** A run of keg, as resident-keg.js accepts it. */
export interface Run {
  readonly kegArguments: readonly string[]
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>
  /** Its working directory. */
  readonly folder: string
}

/** How a run ended. */
export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
  readonly stdout: string
}

type ExitState = [code: number | null, signal: NodeJS.Signals | null]

/** How long a run can take, in milliseconds: more than the timeout of any test. */
const MAX_RUN_MILLISECONDS = 170_000
/** How long a process has to say what it waits for, in milliseconds. */
const MAX_DESCRIPTION_MILLISECONDS = 5000

/** Waits for its next run, and ends with this process. */
export class Resident {
  readonly #child: ChildProcess
  readonly #outputs: {readonly stderr: Socket; readonly stdout: Socket}
  readonly #closed: Promise<ExitState>
  readonly #text = {stdout: '', stderr: ''}
  /** Called on each output. */
  #heard = (): void => undefined
  #isGone = false

  constructor() {
    const child = spawn(process.execPath, ['--', join(import.meta.dirname, 'resident-keg.js')], {
      // keg gets none of the options that load the tests.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_'))),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    // Pipes to a child are sockets, which can be unreferenced.
    this.#outputs = {stderr: child.stderr as Socket, stdout: child.stdout as Socket}
    for (const name of ['stdout', 'stderr'] as const)
      this.#outputs[name].setEncoding('utf8').on('data', (part: string) => {
        this.#text[name] += part
        this.#heard()
      })
    this.#closed = once(child, 'close') as Promise<ExitState>
    child.once('disconnect', () => (this.#isGone = true))
  }

  /** Whether it can run nothing any more. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Runs keg until it ends. @throws Error with its output and what it waits for if it does not end */
  async run(run: Run): Promise<Ended> {
    const mark = `\0${randomUUID()}\0`
    const text = this.#text
    text.stdout = text.stderr = ''
    this.#holdUp(true)
    const told = new Promise<number>((resolve) => {
      this.#child.once('message', ({code, isLast}: {code: number; isLast: boolean}) => {
        this.#isGone ||= isLast
        this.#heard = () => {
          if (text.stdout.endsWith(mark) && text.stderr.endsWith(mark)) resolve(code)
        }
        this.#heard()
      })
    })
    this.#child.send({...run, mark})
    const limit = new AbortController()
    const overdue = sleep(MAX_RUN_MILLISECONDS, undefined, limit).then(async () => this.#give(run))
    overdue.catch(() => undefined)
    try {
      const [code, signal] = await Promise.race([told.then((it) => [it, null] as const), this.#closed, overdue])
      // A leftover in an engine, such as a lock, counts as a dead keg's only once its process is dead.
      if (![0, 2, 3].includes(code ?? 1) || text.stderr.includes('keg doctor --fix')) await this.end()
      return {code, signal, stdout: text.stdout.replace(mark, ''), stderr: text.stderr.replace(mark, '')}
    } finally {
      limit.abort()
      this.#heard = () => undefined
      this.#holdUp(false)
    }
  }

  /** Kills the process, even during a run. */
  async end(): Promise<void> {
    this.#isGone = true
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  /** Gives up a run. @throws Error that says what it waits for */
  async #give({kegArguments}: Run): Promise<never> {
    const described = new Promise<string>((resolve) => {
      this.#child.on('message', (message: {waitsFor?: string}) => {
        if (message.waitsFor !== undefined) resolve(message.waitsFor)
      })
    })
    this.#child.send({describe: true})
    const nothing = sleep(MAX_DESCRIPTION_MILLISECONDS, 'it does not say', {ref: false})
    const waitsFor = await Promise.race([described, nothing])
    await this.end()
    throw new Error(
      `keg ${kegArguments.join(' ')} has not ended in ${MAX_RUN_MILLISECONDS / 1000} s: ${JSON.stringify({waitsFor, ...this.#text}, null, 2)}`,
    )
  }

  /** Whether the child keeps this process running. */
  #holdUp(holds: boolean): void {
    const {stderr, stdout} = this.#outputs
    const {channel} = this.#child
    for (const each of [this.#child, stderr, stdout, ...(channel ? [channel] : [])])
      if (holds) each.ref()
      else each.unref()
  }
}
