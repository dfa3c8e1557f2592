import {withEngine} from '../../engine/engine-work.js'
import {UsageError} from '../../error/keg-error.js'
import {awaitStop} from '../../container/exec/await-stop.js'
import type {ExecStreams} from '../../container/exec/exec-streams.js'
import {parseDuration} from '../../terminal/duration.js'
import {printable} from '../../terminal/text.js'
import {findTap} from '../../tap-folder/link/find-tap.js'
import {LogSink} from './log/log-sink.js'
import {showLog} from './log/show-log.js'
import {tapContainer} from './tap-container.js'
import {nameOf} from '../../container/container-name.js'
import type {Work} from '../../work/work.js'

/** Which log to show, and how much of it. */
export interface TapLogsOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  readonly service?: string | undefined
  readonly follow: boolean
  /** The number of lines from the end; undefined is all. */
  readonly tail?: number | undefined
  /** See {@link sinceOf}. */
  readonly since?: string | undefined
  readonly timestamps: boolean
  readonly streams: Pick<ExecStreams, 'stderr' | 'stdout'>
}

/** Which log was shown. */
export interface TapLogsResult {
  /** Name of the tap's container. */
  readonly container: string
  /** 130 or 143 if a signal ended it. */
  readonly exitCode: number
}

/**
 * Shows the output of a tap's container, running or not, and of what keg ran and followed in it, by time.
 * @throws what finding the tap and its container does; UsageError `time-invalid`
 */
export async function showTapLogs(work: Work, options: TapLogsOptions): Promise<TapLogsResult> {
  const {environment, signal} = work
  const {name, streams} = options
  const since = options.since === undefined ? undefined : sinceOf(options.since, new Date())
  const tap = await findTap(work, {name})
  const {engine} = await withEngine(work)
  const container = await tapContainer(engine, tap, options.service)
  const reading = new AbortController()
  const sink = new LogSink(streams, {tty: container.Config.Tty === true, timestamps: options.timestamps})
  const stop = awaitStop(streams, signal)
  const print = async (): Promise<number> => {
    const {follow, tail} = options
    await showLog({engine, environment, signal: reading.signal}, {container, follow, since, tail}, sink)
    await sink.close()
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

/**
 * Parses a time as `docker logs --since` does: a duration before now (`10m`), a date with or without its time (in this
 * machine's zone if it names none), or seconds since 1970.
 * @returns seconds since 1970. @throws UsageError `time-invalid`
 */
export function sinceOf(text: string, now: Date): string {
  if (/^\d+(?:\.\d+)?$/.test(text)) return text
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return seconds(now.getTime() - parseDuration(text, '--since'))
  const isDate = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text)
  // ECMAScript parses a date without a time as UTC.
  const milliseconds = isDate ? Date.parse(text.length === 10 ? `${text}T00:00:00` : text) : Number.NaN
  if (!Number.isNaN(milliseconds)) return seconds(milliseconds)
  throw new UsageError(`--since is not a time: ${printable(text)}`, {
    code: 'time-invalid',
    hint: 'Write it like 10m, 2026-01-31, 2026-01-31T12:00:00Z or seconds since 1970.',
  })
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}
