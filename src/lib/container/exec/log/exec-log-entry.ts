import {parseJson, property} from '../../../json/json.js'

/**
 * An entry in the log of execs. The log's files have one such object a line, in the format of docker's `json-file` driver:
 * `{"time":"2026-01-31T12:00:00.000000000Z","stream":"stdout","log":"started\n"}`.
 */
export interface ExecLogEntry {
  /** In UTC with nine decimals of a second, as in docker's logs: as text it sorts by time. */
  readonly time: string
  /** `command`: the command line, before its output. */
  readonly stream: 'command' | 'stderr' | 'stdout'
  /** With its newline, unless the line continues in the next entry. */
  readonly log: string
}

/** The newer and the older half of a log, in the folder of its container's state. */
export const LOG_FILES = {current: 'exec.log', former: 'exec.log.1'} as const

/** The format of times in entries. */
export function entryTime(date: Date): string {
  return date.toISOString().replace('Z', '000000Z')
}

/** @returns undefined for an invalid line, such as one cut off by a full disk */
export function readEntry(line: string): ExecLogEntry | undefined {
  const value = parseJson(line)
  const [time, stream, log] = ['time', 'stream', 'log'].map((name) => property(value, name))
  if (typeof time !== 'string' || !TIME.test(time) || typeof log !== 'string') return undefined
  return stream === 'command' || stream === 'stdout' || stream === 'stderr' ? {time, stream, log} : undefined
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$/
