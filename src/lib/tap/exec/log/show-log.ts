import {setTimeout as sleep} from 'node:timers/promises'
import type {EngineWork} from '../../../engine/engine-work.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {ExecLogReader} from '../../../container/exec/log/exec-log-reader.js'
import type {LogSink} from './log-sink.js'
import {entryMessage, lastMessages, mergeMessages, readMessages, type LogMessage} from './log-message.js'

/** Which log to show, and how much of it. */
export interface ShowLogOptions {
  readonly container: ContainerDetails
  /** Continue as more comes, until the container ends. */
  readonly follow: boolean
  /** Seconds since 1970. */
  readonly since: string | undefined
  /** The number of messages from the end; undefined is all. */
  readonly tail: number | undefined
}

type LogWork = Pick<EngineWork, 'engine' | 'signal'>

/** How often to check for new output of execs. */
const POLL_MILLISECONDS = 100

/** Shows the log of a container, and of what ran in it by exec, merged by time. @throws EngineError */
export async function showLog(
  work: LogWork & Pick<EngineWork, 'environment'>,
  options: ShowLogOptions,
  sink: LogSink,
): Promise<void> {
  const {container, follow, since, tail} = options
  const execs = new ExecLogReader(container.Id, work.environment)
  const entries = (await execs.next()).map(entryMessage).filter(({time}) => isSince(time, since))
  let last = ''
  let count = 0
  const read = async function* (): AsyncGenerator<LogMessage> {
    // Following starts after the last message, even if none is shown.
    const engineTail = tail === 0 && follow ? 1 : tail
    for await (const message of engineLog(work, {...options, follow: false, tail: engineTail})) {
      count = message.time === last ? count + 1 : 1
      last = message.time
      yield message
    }
  }
  const merged = mergeMessages(read(), entries)
  for await (const message of tail === undefined ? merged : lastMessages(merged, tail)) await sink.write(message)
  if (follow) await followBoth(work, {...options, tail: undefined}, {execs, last, count}, sink)
}

/** How far the logs were shown: for the engine's, also the number of messages with its last time. */
interface Shown {
  readonly execs: ExecLogReader
  readonly last: string
  readonly count: number
}

async function followBoth(
  work: LogWork,
  options: ShowLogOptions,
  {count, execs, last}: Shown,
  sink: LogSink,
): Promise<void> {
  const over = new AbortController()
  const either = AbortSignal.any([work.signal, over.signal])
  const showExecs = async (): Promise<void> => {
    for (const entry of await execs.next()) await sink.write(entryMessage(entry))
  }
  const followExecs = async (): Promise<void> => {
    while (!either.aborted) {
      await showExecs()
      await sleep(POLL_MILLISECONDS, undefined, {signal: either}).catch(() => undefined)
    }
  }
  const following = followExecs()
  try {
    let known = 0
    for await (const message of engineLog(work, {...options, since: last === '' ? options.since : secondsOf(last)})) {
      if (last !== '' && (message.time < last || (message.time === last && known++ < count))) continue
      await sink.write(message)
    }
  } finally {
    over.abort()
    await following
  }
  await showExecs()
}

async function* engineLog(
  {engine, signal}: LogWork,
  {container, follow, since, tail}: ShowLogOptions,
): AsyncGenerator<LogMessage> {
  const logs = await engine.containerLogs(container.Id, signal, {
    follow,
    since,
    timestamps: true,
    tail: tail === undefined ? 'all' : String(tail),
  })
  yield* readMessages(logs as AsyncIterable<Buffer>, container.Config.Tty === true)
}

function isSince(time: string, since: string | undefined): boolean {
  return since === undefined || Date.parse(`${time.slice(0, 23)}Z`) >= Number(since) * 1000
}

/** A log time for `since`, to the nanosecond. */
function secondsOf(time: string): string {
  return `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}.${time.slice(20, 29)}`
}
