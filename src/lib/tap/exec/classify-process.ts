import type {ProcessTrees} from './process-tree.js'

/** What a process means for a container that may be idle. */
export type ProcessPart = 'idle' | 'wrapper' | 'active'

const SHELLS = new Set(['ash', 'bash', 'dash', 'ksh', 'mksh', 'sh', 'zsh'])
/** Programs that only supervise another one. */
const KEEPERS = new Set(['catatonit', 'docker-init', 'dumb-init', 'runuser', 'su', 'sudo', 'tini', 'tini-static'])
/** A shorter sleep is a pause between two tasks. */
const LONG_SECONDS = 60
const SECONDS: Readonly<Record<string, number>> = {'': 1, s: 1, m: 60, h: 3600, d: 86_400}

/**
 * Classifies a process by its command line: it is idle (`tail -f /dev/null`, `sleep infinity`, `pause`), it is the shell or
 * init around another one, or it is active.
 */
export function classifyProcess(command: string): ProcessPart {
  const words = command.trim().split(/\s+/)
  if (nameOfProgram(words[0]) === 'busybox') words.shift()
  const [program, ...rest] = words
  const name = nameOfProgram(program)
  switch (name) {
    case 'pause':
      return 'idle'
    case 'cat':
      return rest.length === 0 || (rest.length === 1 && rest[0] === '/dev/null') ? 'idle' : 'active'
    case 'sleep':
      return isLong(rest) ? 'idle' : 'active'
    case 'tail':
      return follows(rest) && rest.at(-1) === '/dev/null' ? 'idle' : 'active'
  }
  if (KEEPERS.has(name)) return 'wrapper'
  if (!SHELLS.has(name)) return 'active'
  // A shell without arguments reads what is typed.
  return rest.every((word) => /^-[il]+$|^--login$/.test(word)) ? 'idle' : 'wrapper'
}

/**
 * The state of a container by its processes. `unclear`: a shell is about to start something, or runs something that may be
 * over soon.
 */
export function classifyProcesses({first, own}: Pick<ProcessTrees, 'first' | 'own'>): 'unclear' | 'idle' | 'active' {
  const parts = own.map(({command}) => classifyProcess(command))
  if (first === undefined) return 'active'
  if (parts.includes('active')) return classifyProcess(first.command) === 'active' ? 'active' : 'unclear'
  return parts.includes('idle') ? 'idle' : 'unclear'
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
