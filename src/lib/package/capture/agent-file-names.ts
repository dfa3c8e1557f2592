/** The folder of Mutagen's agent in its user's home folder (mutagen 0.18, pkg/filesystem/mutagen.go). */
export const DATA_FOLDER = '.mutagen'

/** What an agent keeps there. Anything else belongs to somebody who uses Mutagen in the container. */
const AGENT_FOLDERS = ['agents', 'caches', 'staging']

/** Shows that the folder is Mutagen's, and does not just have its name (pkg/agent/paths.go). */
const AGENT = /^agents\/[^/]+\/mutagen-agent(?:\.exe)?$/

/**
 * Mutagen's temporary files, which it removes unless it is killed: it reserves this prefix (pkg/filesystem/temporary.go); and its
 * agent while it is being installed (pkg/agent/install.go).
 */
const TEMPORARY = /^\.mutagen-(?:temporary-.*|agent[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/s

/**
 * The topmost agent files among paths, each including everything below it: Mutagen's folder if it is empty or holds only what its
 * agent makes, otherwise the agent's folders in it; and temporary files.
 * @param paths of folders and files, without double or trailing slashes; all others are taken not to exist
 * @param root the folder that all paths are in; never an agent file itself
 */
export function agentFilesAmong(paths: Iterable<string>, root = '/'): string[] {
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
    // A mount cannot be left out as a whole: its layer would have no folder to begin with.
    const isWhole = folder !== root && [...tops].every((name) => AGENT_FOLDERS.includes(name))
    return isWhole ? [folder] : AGENT_FOLDERS.filter((name) => tops.has(name)).map((name) => `${folder}/${name}`)
  })
  return [...folders, ...temporary].sort()
}

/** Whether a path may be an agent file: a quick check while reading an archive. `agentFilesAmong` decides. */
export function mayBeAgentFile(path: string): boolean {
  return path.includes(DATA_FOLDER)
}
