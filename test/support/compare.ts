/** Compares two snapshots entry by entry. */
import type {Entry, Snapshot} from './snapshot.js'

export interface CompareOptions {
  /** Paths (byte strings, as in the snapshots) to ignore on both sides. */
  ignore?: (path: string) => boolean
}

/** A path for people: text if it is valid UTF-8, else its bytes; quoted if it has spaces or control characters. */
function shown(path: string): string {
  const bytes = Buffer.from(path, 'latin1')
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text, 'utf8').equals(bytes)
  if (!isText) return `"${path.replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`
  return /^[^\s"\\\p{Cc}]*$/u.test(text) ? text : JSON.stringify(text)
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

type Field = [name: string, expected: string, actual: string]

function fields(expected: Entry, actual: Entry): Field[] {
  const all: Field[] = [
    ['type', expected.type, actual.type],
    ['mode', octal(expected.mode), octal(actual.mode)],
    ['owner', `${expected.uid}:${expected.gid}`, `${actual.uid}:${actual.gid}`],
  ]
  const names = new Set([...Object.keys(expected.xattrs), ...Object.keys(actual.xattrs)])
  for (const name of [...names].sort())
    all.push([`xattr ${name}`, expected.xattrs[name] ?? 'none', actual.xattrs[name] ?? 'none'])
  // The rest depends on the type: if that differs, it would only be repeated.
  if (expected.type !== actual.type) return all
  all.push(
    ['size', String(expected.size), String(actual.size)],
    ['sha256', expected.sha256 ?? 'none', actual.sha256 ?? 'none'],
    ['link', shown(expected.link ?? ''), shown(actual.link ?? '')],
    ['device', JSON.stringify(expected.device), JSON.stringify(actual.device)],
  )
  // The engine itself changes directories: parents of mount points when it creates a container, all of a volume when it
  // fills it.
  if (expected.type !== 'directory') all.push(['mtime', String(expected.mtime), String(actual.mtime)])
  return all
}

/**
 * One line per difference, ordered by path: `missing: PATH (TYPE)`, `extra: PATH (TYPE)`, or `PATH: FIELD expected X,
 * got Y`. Empty if there is none. Ignores times of directories. Compares hardlinks only among the paths that both have,
 * so a missing path is reported once. Compares the root directory only if both have it: the engine's export of a
 * container leaves it out.
 */
export function compareSnapshots(expected: Snapshot, actual: Snapshot, {ignore}: CompareOptions = {}): string[] {
  const isIgnored = (path: string) => ignore?.(path) ?? false
  const group = (entry: Entry) => {
    const common = entry.hardlinks.filter((path) => expected.has(path) && actual.has(path) && !isIgnored(path))
    return common.length < 2 ? 'none' : common.map(shown).join(' ')
  }
  const differences: string[] = []
  for (const path of [...new Set([...expected.keys(), ...actual.keys()])].sort()) {
    if (isIgnored(path)) continue
    const [wanted, found] = [expected.get(path), actual.get(path)]
    if (path === '/' && (wanted === undefined || found === undefined)) continue
    if (found === undefined) differences.push(`missing: ${shown(path)} (${wanted?.type ?? ''})`)
    else if (wanted === undefined) differences.push(`extra: ${shown(path)} (${found.type})`)
    else
      for (const [name, before, after] of [
        ...fields(wanted, found),
        ['hardlinks', group(wanted), group(found)] satisfies Field,
      ])
        if (before !== after) differences.push(`${shown(path)}: ${name} expected ${before}, got ${after}`)
  }
  return differences
}
