import type {Readable, Writable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {runProcess} from './run-process.js'
import {startChild} from './start-child.js'

/** A child process that is communicated with while it runs. */
export interface RunningProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** How it ended, once it has; never rejects. */
  readonly ended: Promise<ProcessEnd>
  /** Ends it, by force if necessary. */
  end(): void
  /** Whether this process keeps keg running. */
  setRef(hasRef: boolean): void
}

export interface ProcessEnd {
  /** Undefined if a signal ended it, or it never started. */
  readonly exitCode: number | undefined
  /** The program does not exist. */
  readonly isMissing: boolean
  /** The end of its standard error. */
  readonly stderr: string
}

export interface StartProcessOptions {
  /** Program and arguments, never passed to a shell. */
  readonly command: readonly [string, ...string[]]
  readonly environment: NodeJS.ProcessEnv
}

/** How much of its standard error is kept. */
const STDERR_CHARACTERS = 4096

/** How long to read output after its end: a process that it leaves running can keep it open forever. */
const DRAIN_MILLISECONDS = 500

/** How long it may take to end by itself. */
const TIMEOUT_MILLISECONDS = 2000

/**
 * Starts a program in its own session, so that Ctrl-C at the terminal reaches only keg, and the program cannot ask anything
 * there. It must end when its standard input does: only that reaches it after a SIGKILL of keg, unless it was started with
 * `withParentDeathSignal`.
 */
export async function startProcess({command, environment}: StartProcessOptions): Promise<RunningProcess> {
  const {child} = await startChild(command, environment, {
    buffer: false,
    cleanup: false,
    detached: true,
    encoding: 'buffer',
    stdin: 'pipe',
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_CHARACTERS)))
  // A program that ended closes its input; its exit code says more than EPIPE.
  child.stdin.on('error', () => undefined)
  const result = child.then((result) => result)
  const wait = async (): Promise<ProcessEnd> => {
    await Promise.race([result, new Promise((resolve) => child.once('exit', resolve))])
    const timeout = new AbortController()
    await Promise.race([result, sleep(DRAIN_MILLISECONDS, undefined, timeout)])
    timeout.abort()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    const {code, exitCode} = await result
    return {exitCode, isMissing: code === 'ENOENT' || code === 'EACCES', stderr}
  }
  const ended = wait()
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    end() {
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MILLISECONDS)
      void ended.then(() => clearTimeout(force))
    },
    setRef(hasRef) {
      for (const handle of [child, child.stdin, child.stdout, child.stderr])
        if ('ref' in handle && 'unref' in handle) (hasRef ? handle.ref : handle.unref).call(handle)
    },
  }
}

/**
 * The command for a program that ends with keg, even after a SIGKILL of keg: with setpriv of util-linux, which every common
 * Linux has. On other systems, the command itself.
 * @param probe an argument that makes the program exit at once with 0, such as `--version`
 */
export async function withParentDeathSignal(
  program: string,
  {probe, environment}: {readonly probe: string; readonly environment: NodeJS.ProcessEnv},
): Promise<readonly [string, ...string[]]> {
  const command = ['setpriv', '--pdeathsig', 'TERM', program] as const
  if (process.platform !== 'linux') return [program]
  const {exitCode} = await runProcess({command: [...command, probe], environment}).catch(() => ({exitCode: 1}))
  return exitCode === 0 ? command : [program]
}
