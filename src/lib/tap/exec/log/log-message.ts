import {splitFrames, type OutputPart} from '../../../engine/multiplexed.js'
import type {ExecLogEntry} from '../../../container/exec/log/exec-log-entry.js'

/** A piece of a log, mostly a line with its newline: output of a container, or of what ran in it by exec. */
export interface LogMessage {
  /** In UTC with nine decimals of a second: as text it sorts by time. Empty if the engine gave none. */
  readonly time: string
  /** `command` is keg's own: the command line. */
  readonly channel: OutputPart['channel'] | 'command'
  readonly bytes: Buffer
}

/** The engine splits longer output into several messages (moby, daemon/logger/copier.go). */
const MAX_MESSAGE_BYTES = 16 * 1024

/** `2026-01-31T12:00:00.123456789Z `, the time at the start of an engine's message. */
const STAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.)(\d{9})(Z|[+-]\d{2}:\d{2}) /
const MAX_STAMP_LENGTH = '2026-01-31T12:00:00.123456789+00:00 '.length

/**
 * The messages of an engine's log with times, which are removed from the text.
 * @param tty whether the container has a terminal: then there are no frames, and lines end in carriage return and newline
 */
export async function* readMessages(logs: AsyncIterable<Buffer>, tty: boolean): AsyncGenerator<LogMessage> {
  if (tty) {
    yield* messagesOf(logs)
    return
  }
  let open = Buffer.alloc(0)
  for await (const {bytes, channel, endsFrame} of splitFrames(logs)) {
    open = Buffer.concat([open, bytes])
    if (!endsFrame) continue
    yield messageOf(open, channel)
    open = Buffer.alloc(0)
  }
}

async function* messagesOf(logs: AsyncIterable<Buffer>): AsyncGenerator<LogMessage> {
  let open = Buffer.alloc(0)
  for await (const bytes of logs) {
    open = Buffer.concat([open, bytes])
    for (let length = lengthOfFirst(open); length !== undefined; length = lengthOfFirst(open)) {
      yield messageOf(open.subarray(0, length), 'stdout')
      open = open.subarray(length)
    }
  }
  if (open.length > 0) yield messageOf(open, 'stdout')
}

/** The length of the first message; undefined if it is incomplete. */
function lengthOfFirst(bytes: Buffer): number | undefined {
  const longest = stampLength(bytes) + MAX_MESSAGE_BYTES
  const newline = bytes.subarray(0, longest).indexOf('\n')
  if (newline !== -1) return newline + 1
  return bytes.length >= longest ? longest : undefined
}

function messageOf(bytes: Buffer, channel: OutputPart['channel']): LogMessage {
  const [stamp = '', seconds = '', nanoseconds = '', zone = ''] = STAMP.exec(beginOf(bytes)) ?? []
  const time = stamp === '' || zone === 'Z' ? stamp.trimEnd() : inUtc(seconds, nanoseconds, zone)
  return {time, channel, bytes: bytes.subarray(stamp.length)}
}

function stampLength(bytes: Buffer): number {
  return STAMP.exec(beginOf(bytes))?.[0].length ?? 0
}

function beginOf(bytes: Buffer): string {
  return bytes.subarray(0, MAX_STAMP_LENGTH).toString('latin1')
}

/** Some log drivers use the engine's time zone. */
function inUtc(seconds: string, nanoseconds: string, zone: string): string {
  return new Date(`${seconds}000${zone}`).toISOString().replace('000Z', `${nanoseconds}Z`)
}

/** An entry of the log of execs, as a message. */
export function entryMessage({log, stream, time}: ExecLogEntry): LogMessage {
  return {time, channel: stream, bytes: Buffer.from(log)}
}

/** Merges two logs by time. The engine's log keeps its own order. @param entries sorted by time */
export async function* mergeMessages(
  messages: AsyncIterable<LogMessage>,
  entries: readonly LogMessage[],
): AsyncGenerator<LogMessage> {
  let next = 0
  try {
    for await (const message of messages) {
      for (let entry = entries[next]; entry !== undefined && entry.time <= message.time; entry = entries[++next])
        yield entry
      yield message
    }
  } catch (error) {
    // If a log driver cannot be read, keg's own entries are still shown.
    yield* entries.slice(next)
    throw error
  }
  yield* entries.slice(next)
}

/** The last messages, not counting command lines; those just before or among them are included. */
export async function* lastMessages(messages: AsyncIterable<LogMessage>, limit: number): AsyncGenerator<LogMessage> {
  const kept: LogMessage[] = []
  let printed = 0
  try {
    for await (const message of messages) {
      kept.push(message)
      if (message.channel !== 'command') printed++
      while (printed > limit) if (kept.shift()?.channel !== 'command') printed--
    }
  } finally {
    if (limit > 0) yield* kept
  }
}
