import {createInterface} from 'node:readline'
import type {Readable} from 'node:stream'
import {startChild} from './start-child.js'
import {property} from '../json/json.js'

/** A program whose output is read while it runs. */
export interface FollowOptions {
  /** Program and arguments, never passed to a shell. */
  readonly command: readonly [string, ...string[]]
  readonly environment: NodeJS.ProcessEnv
  readonly directory: string
  readonly input: string
  /** Called with each line of output, raw. */
  readonly line: (line: string) => void
  readonly signal: AbortSignal
}

/** How it ended. */
export interface FollowedEnd {
  /** Undefined if a signal ended it, or it never started. */
  readonly exitCode: number | undefined
  /** The program does not exist. */
  readonly isMissing: boolean
  /** The last lines of its output, raw. */
  readonly lastLines: readonly string[]
}

const MAX_LINES = 20

/** How long it may take to end after it is asked to. */
const TIMEOUT_MILLISECONDS = 10_000

/**
 * Runs a program to its end in its own session, so that Ctrl-C at the terminal reaches only keg, which passes it on to the
 * program and all its children, such as a plugin of the docker client, and waits for the end.
 * @throws the reason of the signal, once the program has ended
 */
export async function followProcess(options: FollowOptions): Promise<FollowedEnd> {
  const {command, directory, environment, input, line, signal} = options
  signal.throwIfAborted()
  const {child} = await startChild(command, environment, {
    buffer: false,
    cleanup: false,
    cwd: directory,
    detached: true,
    input,
  })
  const lastLines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    readLines(stream, (text) => {
      lastLines.splice(0, lastLines.length - MAX_LINES + 1)
      lastLines.push(text)
      line(text)
    })
  const ended = new AbortController()
  const stop = (): void => {
    endGroup(child, 'SIGINT')
    const force = setTimeout(() => endGroup(child, 'SIGKILL'), TIMEOUT_MILLISECONDS)
    ended.signal.addEventListener('abort', () => clearTimeout(force), {once: true})
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, {once: true, signal: ended.signal})
  const {code, exitCode} = await child
  ended.abort()
  signal.throwIfAborted()
  return {exitCode, isMissing: code === 'ENOENT' || code === 'EACCES', lastLines}
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({input: stream, crlfDelay: Infinity}).on('line', onLine)
}

/** The whole session, if the system has sessions: the program's children would run on otherwise. */
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
