import type {ProcessTable} from '../../engine/types.js'

/** A process of a container; ids are those of the engine's machine. */
export interface ContainerProcess {
  readonly pid: number
  readonly parent: number
  /** Its command line, words parted by spaces. */
  readonly command: string
}

/** What `ps` is asked for: each of procps and busybox can say it. */
export const PROCESS_COLUMNS = '-eo pid,ppid,args'

/** The processes of a table with the columns of {@link PROCESS_COLUMNS}; those that ended and were not waited for are none. */
export function readProcesses({Processes}: ProcessTable): ContainerProcess[] {
  return (Processes ?? []).flatMap(([pid, parent, ...words]) => {
    // A busybox puts the name of a script before the program that runs it.
    const command = words.join(' ').replace(/^\{[^}]*\} /, '')
    if (!isNumber(pid) || !isNumber(parent) || command === '' || DEFUNCT.test(command)) return []
    return [{pid: Number(pid), parent: Number(parent), command}]
  })
}

/** Without a command line `ps` shows a name in brackets. */
const DEFUNCT = /^\[[^\]]*\](?: <defunct>)?$/

/** A container's own processes, and those that were brought into it by exec. */
export interface ProcessTrees {
  /** Its first process. */
  readonly first: ContainerProcess | undefined
  /** The first and all that it started. */
  readonly own: readonly ContainerProcess[]
  readonly others: readonly ContainerProcess[]
}

/** @param firstPid of the container's first process as the engine says it, which `ps` may know by another id */
export function partProcesses(processes: readonly ContainerProcess[], firstPid: number | undefined): ProcessTrees {
  const pids = new Set(processes.map(({pid}) => pid))
  const roots = processes.filter(({parent}) => !pids.has(parent)).toSorted((one, other) => one.pid - other.pid)
  const first = processes.find(({pid}) => pid === firstPid) ?? roots[0]
  const own = new Set(first === undefined ? [] : [first.pid])
  for (let size = 0; size < own.size;) {
    size = own.size
    for (const {parent, pid} of processes) if (own.has(parent)) own.add(pid)
  }
  return {
    first,
    own: processes.filter(({pid}) => own.has(pid)),
    others: processes.filter(({pid}) => !own.has(pid)),
  }
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text)
}
