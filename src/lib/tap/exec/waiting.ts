import type {ProcessTrees} from './process-tree.js'

/** What a process is to a container that may be waiting for a command. */
export type ProcessPart = 'waits' | 'holds' | 'works'

const SHELLS = new Set(['ash', 'bash', 'dash', 'ksh', 'mksh', 'sh', 'zsh'])
/** Programs that only look after another one. */
const KEEPERS = new Set(['catatonit', 'docker-init', 'dumb-init', 'runuser', 'su', 'sudo', 'tini', 'tini-static'])
/** A shorter sleep is one between two pieces of work. */
const LONG_SECONDS = 60
const SECONDS: Readonly<Record<string, number>> = {'': 1, s: 1, m: 60, h: 3600, d: 86_400}

/**
 * Tells what a process does by its command line: it waits for nothing (`tail -f /dev/null`, `sleep infinity`, `pause`), it is the
 * shell or the init that started another one, or it works.
 */
export function partOf(command: string): ProcessPart {
  const words = command.trim().split(/\s+/)
  if (nameOfProgram(words[0]) === 'busybox') words.shift()
  const [program, ...rest] = words
  const name = nameOfProgram(program)
  switch (name) {
    case 'pause':
      return 'waits'
    case 'cat':
      return rest.length === 0 || (rest.length === 1 && rest[0] === '/dev/null') ? 'waits' : 'works'
    case 'sleep':
      return isLong(rest) ? 'waits' : 'works'
    case 'tail':
      return follows(rest) && rest.at(-1) === '/dev/null' ? 'waits' : 'works'
  }
  if (KEEPERS.has(name)) return 'holds'
  if (!SHELLS.has(name)) return 'works'
  // One that nobody gave anything to do reads what is typed.
  return rest.every((word) => /^-[il]+$|^--login$/.test(word)) ? 'waits' : 'holds'
}

/**
 * How a container is by its processes. `unclear` is one in which a shell is about to start something, or has something done for it
 * that may be over soon.
 */
export function stateOf({first, own}: Pick<ProcessTrees, 'first' | 'own'>): 'unclear' | 'waits' | 'works' {
  const parts = own.map(({command}) => partOf(command))
  if (first === undefined) return 'works'
  if (parts.includes('works')) return partOf(first.command) === 'works' ? 'works' : 'unclear'
  return parts.includes('waits') ? 'waits' : 'unclear'
}

function nameOfProgram(word: string | undefined): string {
  // A login shell has a hyphen before its name.
  return (word ?? '').replace(/^.*\//, '').replace(/^-/, '')
}

function isLong(durations: readonly string[]): boolean {
  let seconds = 0
  for (const duration of durations) {
    if (/^inf(?:inity)?$/i.test(duration)) return true
    const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(duration) ?? []
    if (number === undefined) return false
    seconds += Number(number) * (SECONDS[unit ?? ''] ?? 0)
  }
  return seconds >= LONG_SECONDS
}

function follows(words: readonly string[]): boolean {
  return words.some((word) => /^-[a-zA-Z\d]*[fF]|^--follow(?:=|$)|^--retry$/.test(word))
}
