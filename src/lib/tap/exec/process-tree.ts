import type {ProcessTable} from '../../engine/types.js'

/** A process of a container; ids are those of the engine's machine. */
export interface ContainerProcess {
  readonly pid: number
  readonly parent: number
  /** Its command line, separated by spaces. */
  readonly command: string
}

/** The columns for `ps`, which procps and busybox both support. */
export const PROCESS_COLUMNS = '-eo pid,ppid,args'

/** The processes of a table with the columns of {@link PROCESS_COLUMNS}, without zombies. */
export function readProcesses({Processes}: ProcessTable): ContainerProcess[] {
  return (Processes ?? []).flatMap(([pid, parent, ...words]) => {
    // busybox puts a script's name before the program that runs it.
    const command = words.join(' ').replace(/^\{[^}]*\} /, '')
    if (!isNumber(pid) || !isNumber(parent) || command === '' || DEFUNCT.test(command)) return []
    return [{pid: Number(pid), parent: Number(parent), command}]
  })
}

/** Without a command line, `ps` shows a name in brackets. */
const DEFUNCT = /^\[[^\]]*\](?: <defunct>)?$/

/** A container's own processes, and those started in it by exec. */
export interface ProcessTrees {
  /** Its first process. */
  readonly first: ContainerProcess | undefined
  /** The first and all its descendants. */
  readonly own: readonly ContainerProcess[]
  readonly others: readonly ContainerProcess[]
}

/** @param firstPid the engine's id for the container's first process, which `ps` may know by another id */
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
