import type {Readable, Writable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {withoutResolved} from '../environment/resolved.js'
import {runProcess} from './run-process.js'

/** A child process that goes on, and is spoken with while it runs. */
export interface RunningProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** How it ended, once it has; never rejects. */
  readonly ended: Promise<ProcessEnd>
  /** Has it end, by force where asking does not help. */
  end(): void
  /** Whether keg goes on while this process does. */
  hold(isHeld: boolean): void
}

export interface ProcessEnd {
  /** Undefined where a signal ended it, or it never started. */
  readonly exitCode: number | undefined
  /** There is no such program. */
  readonly isMissing: boolean
  /** The last of what it said. */
  readonly stderr: string
}

export interface StartOptions {
  /** Program and arguments; no shell ever sees them. */
  readonly command: readonly [string, ...string[]]
  readonly environment: NodeJS.ProcessEnv
}

/** How much of its standard error is kept. */
const STDERR_CHARACTERS = 4096

/** How long output is read on after it has ended: what it leaves running may hold that open for good. */
const LAST_WORDS_MILLISECONDS = 500

/** How long it may take to end by itself. */
const PATIENCE_MILLISECONDS = 2000

/**
 * Starts a program in a session of its own, so that Ctrl-C at the terminal is keg's alone, and that it cannot ask anything
 * there. It has to end when its standard input does: that is all that reaches it after a SIGKILL of keg, unless it was
 * started as `endingWithKeg` says.
 */
export async function startProcess({command, environment}: StartOptions): Promise<RunningProcess> {
  const {execa} = await import('execa')
  const [program, ...parameters] = command
  const child = execa(program, parameters, {
    buffer: false,
    cleanup: false,
    detached: true,
    encoding: 'buffer',
    env: withoutResolved(environment),
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_CHARACTERS)))
  // One that has ended closes its input; how it ended tells more than EPIPE.
  child.stdin.on('error', () => undefined)
  const whole = child.then((result) => result)
  const wait = async (): Promise<ProcessEnd> => {
    await Promise.race([whole, new Promise((resolve) => child.once('exit', resolve))])
    const lastWords = new AbortController()
    await Promise.race([whole, sleep(LAST_WORDS_MILLISECONDS, undefined, lastWords)])
    lastWords.abort()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    const {code, exitCode} = await whole
    return {exitCode, isMissing: code === 'ENOENT' || code === 'EACCES', stderr}
  }
  const ended = wait()
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    end() {
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MILLISECONDS)
      void ended.then(() => clearTimeout(force))
    },
    hold(isHeld) {
      for (const held of [child, child.stdin, child.stdout, child.stderr])
        if ('ref' in held && 'unref' in held) (isHeld ? held.ref : held.unref).call(held)
    },
  }
}

/**
 * The words that start a program so that it ends with keg, also by a SIGKILL of keg: by setpriv of util-linux, which every usual
 * Linux has. Elsewhere they are the program's own.
 * @param probe a word that has the program end at once and well, such as `--version`
 */
export async function endingWithKeg(
  program: string,
  {probe, environment}: {readonly probe: string; readonly environment: NodeJS.ProcessEnv},
): Promise<readonly [string, ...string[]]> {
  const command = ['setpriv', '--pdeathsig', 'TERM', program] as const
  if (process.platform !== 'linux') return [program]
  const {exitCode} = await runProcess({command: [...command, probe], environment}).catch(() => ({exitCode: 1}))
  return exitCode === 0 ? command : [program]
}
