import {createHash} from 'node:crypto'
import {readFileSync, readlinkSync} from 'node:fs'
import {hostname, uptime, userInfo} from 'node:os'
import {parseJson, property} from '../json/json.js'
import {formatDuration, printable} from '../terminal/text.js'

/** The keg process that created something in an engine. */
export interface ProcessOwner {
  /** Name of its machine, and what distinguishes machines of the same name. */
  readonly host: string
  /** Its process id, in its own PID namespace. */
  readonly pid: number
  /** What distinguishes it from later processes with that id; empty if the system does not tell. */
  readonly process: string
  readonly user: string
  /** When this was recorded, as ISO 8601. */
  readonly since: string
}

/** Whether an owner still runs; `elsewhere` if that is unknown here. */
export type OwnerState = 'alive' | 'dead' | 'elsewhere'

/** This process, as an owner. */
export function thisOwner(): ProcessOwner {
  return {
    host: thisHost(),
    pid: process.pid,
    process: identityOf(process.pid) ?? '',
    user: userName(),
    since: new Date().toISOString(),
  }
}

/** An owner from a label: a hint that anybody can write, so an invalid one is ignored. */
export function readOwner(label: string | undefined): ProcessOwner | undefined {
  if (label === undefined || label.length > MAX_LABEL_LENGTH) return undefined
  const value = parseJson(label)
  const text = (name: string): string | undefined => {
    const found = property(value, name)
    return typeof found === 'string' ? found : undefined
  }
  const [host, identity, user, since] = [text('host'), text('process'), text('user'), text('since')]
  const pid = property(value, 'pid')
  if (host === undefined || identity === undefined || user === undefined || since === undefined) return undefined
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || Number.isNaN(Date.parse(since)))
    return undefined
  return {host, pid, process: identity, user, since}
}

/**
 * Whether an owner still runs. On another machine, or in another container on this one, that is unknown: after a day, longer
 * than any package takes, it counts as dead.
 */
export function processOwnerState(owner: ProcessOwner, now = Date.now()): OwnerState {
  if (owner.host !== thisHost()) return now - Date.parse(owner.since) > A_DAY ? 'dead' : 'elsewhere'
  const identity = identityOf(owner.pid)
  if (identity !== undefined || owner.process !== '') return identity === owner.process ? 'alive' : 'dead'
  // A machine booted since then has none of the earlier processes.
  if (Date.parse(owner.since) < now - uptime() * 1000 - CLOCK_TOLERANCE) return 'dead'
  return runs(owner.pid) ? 'alive' : 'dead'
}

/** Whether an owner is this user on this machine. */
export function isOfThisUser({host, user}: ProcessOwner): boolean {
  return host === thisHost() && user === userName()
}

/** An owner for people: `process 4711 of ada, 3 min 5 s ago`. */
export function ownerText(owner: ProcessOwner, now = Date.now()): string {
  const machine = owner.host === thisHost() ? '' : ` on ${owner.host.replace(/\/.*$/s, '')}`
  const age = formatDuration(Math.max(0, now - Date.parse(owner.since)))
  return printable(`process ${owner.pid} of ${owner.user}${machine}, ${age} ago`)
}

const A_DAY = 24 * 60 * 60 * 1000
const CLOCK_TOLERANCE = 60_000
const MAX_LABEL_LENGTH = 4096

/**
 * Machines can share a name, and containers the id of their machine: the name, and a hash of that id (which machine-id(5)
 * says to keep confidential) and the PID namespace.
 */
function thisHost(): string {
  const inner = `keg ${firstLine('/etc/machine-id') ?? ''} ${linkTarget('/proc/self/ns/pid') ?? ''}`
  return `${hostname()}/${createHash('sha256').update(inner).digest('hex').slice(0, 16)}`
}

/** Start of the machine and of the process (proc(5), /proc/pid/stat, field 22); undefined if the process does not exist. */
function identityOf(pid: number): string | undefined {
  const boot = firstLine('/proc/sys/kernel/random/boot_id')
  // The name of the program, in parentheses, can contain anything.
  const fields = firstLine(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
  const started = fields?.[19]
  // A zombie does not run any more.
  return boot === undefined || started === undefined || fields?.[0] === 'Z' ? undefined : `${boot}/${started}`
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Another user's process cannot be signalled, but exists.
    return property(error, 'code') === 'EPERM'
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry in the user database, as in many containers.
    return String(process.getuid?.() ?? 'unknown')
  }
}

function firstLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0]
  } catch {
    return undefined
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
