import {createInterface} from 'node:readline'
import type {Readable} from 'node:stream'
import {withoutResolved} from '../environment/resolved.js'
import {property} from '../json/json.js'

/** A program whose output is of interest while it runs. */
export interface FollowOptions {
  /** Program and arguments; no shell ever sees them. */
  readonly command: readonly [string, ...string[]]
  readonly environment: NodeJS.ProcessEnv
  readonly directory: string
  readonly input: string
  /** Takes each line that it prints, raw. */
  readonly line: (line: string) => void
  readonly signal: AbortSignal
}

/** How it ended. */
export interface FollowedEnd {
  /** Undefined where a signal ended it, or it never started. */
  readonly exitCode: number | undefined
  /** There is no such program. */
  readonly isMissing: boolean
  /** The last lines that it printed, raw. */
  readonly lastLines: readonly string[]
}

const MOST_LINES = 20

/** How long it may take to end by itself, once it is asked to. */
const PATIENCE_MILLISECONDS = 10_000

/**
 * Runs a program to its end in a session of its own, so that Ctrl-C at the terminal is keg's alone: it is handed on to the program
 * and all that it started, such as a plugin of the docker client, and waited for.
 * @throws the reason of the signal, once the program has ended
 */
export async function followProcess(options: FollowOptions): Promise<FollowedEnd> {
  const {command, directory, environment, input, line, signal} = options
  signal.throwIfAborted()
  const {execa} = await import('execa')
  const [program, ...parameters] = command
  const child = execa(program, parameters, {
    buffer: false,
    cleanup: false,
    cwd: directory,
    detached: true,
    env: withoutResolved(environment),
    extendEnv: false,
    input,
    reject: false,
  })
  const lastLines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    linesOf(stream, (text) => {
      lastLines.splice(0, lastLines.length - MOST_LINES + 1)
      lastLines.push(text)
      line(text)
    })
  const over = new AbortController()
  const stop = (): void => {
    endGroup(child, 'SIGINT')
    const force = setTimeout(() => endGroup(child, 'SIGKILL'), PATIENCE_MILLISECONDS)
    over.signal.addEventListener('abort', () => clearTimeout(force), {once: true})
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, {once: true, signal: over.signal})
  const {code, exitCode} = await child
  over.abort()
  signal.throwIfAborted()
  return {exitCode, isMissing: code === 'ENOENT' || code === 'EACCES', lastLines}
}

function linesOf(stream: Readable, take: (line: string) => void): void {
  createInterface({input: stream, crlfDelay: Infinity}).on('line', take)
}

/** The whole session, where the system has such: what the program started would go on otherwise. */
function endGroup(
  child: {readonly pid?: number | undefined; kill(signal: NodeJS.Signals): boolean},
  signal: NodeJS.Signals,
): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch (error) {
    if (property(error, 'code') !== 'ESRCH') throw error
  }
}
