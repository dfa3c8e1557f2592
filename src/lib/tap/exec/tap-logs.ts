import {Engine} from '../../engine/engine.js'
import {splitFrames, type OutputPart} from '../../engine/multiplexed.js'
import {UsageError} from '../../error/keg-error.js'
import {awaitStop} from '../../exec/await-stop.js'
import type {ExecStreams} from '../../exec/exec-streams.js'
import {OutputSink} from '../../exec/output-sink.js'
import {nameOf} from '../../target/find-target.js'
import {parseDuration} from '../../terminal/duration.js'
import {printable} from '../../terminal/text.js'
import {findTap} from '../link/find-tap.js'
import {tapContainer} from './tap-container.js'

/** Whose log is shown, and what of it. */
export interface TapLogsOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly service?: string | undefined
  readonly follow: boolean
  /** So many lines from the end; undefined is all. */
  readonly tail?: number | undefined
  /** See {@link sinceOf}. */
  readonly since?: string | undefined
  readonly timestamps: boolean
  readonly streams: Pick<ExecStreams, 'stderr' | 'stdout'>
  readonly signal: AbortSignal
}

/** Whose log was shown. */
export interface TapLogsResult {
  readonly container: string
  /** 130 or 143 where a signal ended it. */
  readonly exitCode: number
}

/**
 * Shows what a container of a tap printed, running or not.
 * @throws what finding the tap and its container does; UsageError `time-invalid`
 */
export async function showTapLogs(wishes: TapLogsOptions): Promise<TapLogsResult> {
  const {environment, folder, name, signal, streams, ...options} = wishes
  const since = options.since === undefined ? undefined : sinceOf(options.since, new Date())
  const tap = await findTap({name, folder, environment})
  await using engine = await Engine.connect(environment, signal)
  const container = await tapContainer(engine, tap, options.service)
  const tty = container.Config.Tty === true
  const reading = new AbortController()
  const {follow, tail, timestamps} = options
  const logs = await engine.containerLogs(container.Id, reading.signal, {
    follow,
    since,
    timestamps,
    tail: tail === undefined ? 'all' : String(tail),
  })
  const stop = awaitStop(streams, signal)
  const print = async (): Promise<number> => {
    const kind = {tty, isInteractive: false}
    const [stdout, stderr] = [new OutputSink(streams.stdout, kind), new OutputSink(streams.stderr, kind)]
    for await (const {bytes, channel} of partsOf(logs, tty)) await (channel === 'stdout' ? stdout : stderr).write(bytes)
    await Promise.all([stdout.close(), stderr.close()])
    return 0
  }
  const printed = print()
  printed.catch(() => undefined)
  try {
    const exitCode = await Promise.race([printed, stop.came.then((stopped) => stopped.exitCode)])
    return {container: nameOf(container), exitCode}
  } finally {
    stop.forget()
    reading.abort()
  }
}

async function* partsOf(logs: AsyncIterable<Buffer>, tty: boolean): AsyncGenerator<OutputPart> {
  if (!tty) yield* splitFrames(logs)
  else for await (const bytes of logs) yield {channel: 'stdout', bytes}
}

/**
 * A time as `docker logs --since` takes it: a duration before now (`10m`), a date with or without its time (of this machine's zone,
 * where it names none), or seconds since 1970.
 * @returns seconds since 1970. @throws UsageError `time-invalid`
 */
export function sinceOf(text: string, now: Date): string {
  if (/^\d+(?:\.\d+)?$/.test(text)) return text
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return seconds(now.getTime() - parseDuration(text, '--since'))
  const isDate = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text)
  // Of a date alone, ECMAScript would take the zone of Greenwich.
  const milliseconds = isDate ? Date.parse(text.length === 10 ? `${text}T00:00:00` : text) : Number.NaN
  if (!Number.isNaN(milliseconds)) return seconds(milliseconds)
  throw new UsageError(`--since is no time: ${printable(text)}`, {
    code: 'time-invalid',
    hint: 'Write it like 10m, 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970.',
  })
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}
