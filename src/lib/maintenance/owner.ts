import {createHash} from 'node:crypto'
import {readFileSync, readlinkSync} from 'node:fs'
import {hostname, uptime, userInfo} from 'node:os'
import {parseJson, property} from '../json/json.js'
import {formatDuration, printable} from '../terminal/text.js'

/** The process of keg that made something in an engine. */
export interface Owner {
  /** Name of its machine, with what tells machines of one name apart. */
  readonly host: string
  /** Number of the process, in its own namespace of processes. */
  readonly pid: number
  /** What no later process of that number has; empty where the system does not say. */
  readonly process: string
  readonly user: string
  /** When it was written down, as ISO 8601. */
  readonly since: string
}

/** Whether an owner still works; `elsewhere` where that cannot be told from here. */
export type OwnerState = 'alive' | 'dead' | 'elsewhere'

/** This process, as an owner. */
export function thisOwner(): Owner {
  return {
    host: thisHost(),
    pid: process.pid,
    process: identityOf(process.pid) ?? '',
    user: userName(),
    since: new Date().toISOString(),
  }
}

/** An owner from a label: a hint that anybody can write, so what does not fit is nobody. */
export function readOwner(label: string | undefined): Owner | undefined {
  if (label === undefined || label.length > LONGEST_LABEL) return undefined
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
 * Whether an owner still works. Of another machine, or of another container on this one, nothing can be seen: after a day,
 * longer than any package takes, its owner counts as dead.
 */
export function stateOf(owner: Owner, now = Date.now()): OwnerState {
  if (owner.host !== thisHost()) return now - Date.parse(owner.since) > A_DAY ? 'dead' : 'elsewhere'
  const identity = identityOf(owner.pid)
  if (identity !== undefined || owner.process !== '') return identity === owner.process ? 'alive' : 'dead'
  // A machine that was started since has none of the processes from before.
  if (Date.parse(owner.since) < now - uptime() * 1000 - CLOCK_TOLERANCE) return 'dead'
  return runs(owner.pid) ? 'alive' : 'dead'
}

/** An owner for people: `process 4711 of ada, 3 min 5 s ago`. */
export function ownerText(owner: Owner, now = Date.now()): string {
  const machine = owner.host === thisHost() ? '' : ` on ${owner.host.replace(/\/.*$/s, '')}`
  const age = formatDuration(Math.max(0, now - Date.parse(owner.since)))
  return printable(`process ${owner.pid} of ${owner.user}${machine}, ${age} ago`)
}

const A_DAY = 24 * 60 * 60 * 1000
const CLOCK_TOLERANCE = 60_000
const LONGEST_LABEL = 4096

/**
 * Machines may share a name, and containers the id of their machine: the name, and a hash of that id (which machine-id(5)
 * asks to keep confidential) with the namespace of the processes.
 */
function thisHost(): string {
  const inner = `keg ${firstLine('/etc/machine-id') ?? ''} ${linkTarget('/proc/self/ns/pid') ?? ''}`
  return `${hostname()}/${createHash('sha256').update(inner).digest('hex').slice(0, 16)}`
}

/** Start of the machine and of the process (proc(5), /proc/pid/stat, field 22); undefined where there is no such process. */
function identityOf(pid: number): string | undefined {
  const boot = firstLine('/proc/sys/kernel/random/boot_id')
  // The name of the program, in parentheses, may hold anything.
  const fields = firstLine(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
  const started = fields?.[19]
  // One that has ended and is only still listed (zombie) is not at work.
  return boot === undefined || started === undefined || fields?.[0] === 'Z' ? undefined : `${boot}/${started}`
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    return property(error, 'code') === 'EPERM'
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry in the list of users, as in many containers.
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
