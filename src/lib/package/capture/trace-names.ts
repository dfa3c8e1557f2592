/** The folder that Mutagen's agent has in the home folder of its user (mutagen 0.18, pkg/filesystem/mutagen.go). */
export const DATA_FOLDER = '.mutagen'

/** What an agent keeps there; whatever else is there is of somebody who works with Mutagen in the container. */
const AGENT_FOLDERS = ['agents', 'caches', 'staging']

/** By these the folder is Mutagen's and not only called like it (pkg/agent/paths.go). */
const AGENT = /^agents\/[^/]+\/mutagen-agent(?:\.exe)?$/

/**
 * Files that Mutagen makes while it works and takes away again, unless it is killed: it keeps this prefix for itself
 * (pkg/filesystem/temporary.go); and its agent on the way to its place (pkg/agent/install.go).
 */
const TEMPORARY = /^\.mutagen-(?:temporary-.*|agent[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/s

/**
 * The uppermost folders and files of a sync among paths, each with all that is below it: Mutagen's folder, where it is empty or
 * holds nothing but what its agent makes, else the agent's folders in it; and temporary files.
 * @param paths of folders and files, without double or trailing slashes; what is not among them is taken to be not there
 * @param root what all paths are in, and is never a trace itself
 */
export function tracesAmong(paths: Iterable<string>, root = '/'): string[] {
  const inside = new Map<string, string[]>()
  const temporary = new Set<string>()
  for (const path of paths) {
    const names = path.split('/')
    const at = names.findIndex((name) => name === DATA_FOLDER || TEMPORARY.test(name))
    if (at < 0) continue
    const top = names.slice(0, at + 1).join('/')
    if (names[at] !== DATA_FOLDER) {
      temporary.add(top)
      continue
    }
    const below = inside.get(top) ?? []
    below.push(names.slice(at + 1).join('/'))
    inside.set(top, below)
  }
  const folders = [...inside].flatMap(([folder, below]) => {
    if (below.every((path) => path === '')) return folder === root ? [] : [folder]
    if (!below.some((path) => AGENT.test(path))) return []
    const tops = new Set(below.map((path) => path.split('/', 1)[0] ?? '').filter((name) => name !== ''))
    // A mount cannot be left out whole: its layer would have no folder to begin with.
    const isWhole = folder !== root && [...tops].every((name) => AGENT_FOLDERS.includes(name))
    return isWhole ? [folder] : AGENT_FOLDERS.filter((name) => tops.has(name)).map((name) => `${folder}/${name}`)
  })
  return [...folders, ...temporary].sort()
}

/** Whether a path may belong to a sync, for whoever reads an archive anyway: `tracesAmong` decides. */
export function mayBeTrace(path: string): boolean {
  return path.includes(DATA_FOLDER)
}
