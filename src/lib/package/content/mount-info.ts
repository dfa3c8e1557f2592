import {isWithin} from '../../tar/path.js'

/** What is mounted: a folder or file of a file system. Paths are byte strings. */
export interface MountLocation {
  /** `major:minor`. */
  readonly device: string
  /** Path inside the file system; the current one, even if it was renamed since. */
  readonly root: string
}

/** One row of `/proc/PID/mountinfo`. */
export interface MountRow extends MountLocation {
  readonly id: number
  /** Id of the mount that it is mounted on. */
  readonly parent: number
  /** Where it is mounted, with all symlinks followed. */
  readonly point: string
  /** Whether what is mounted no longer has a path. */
  readonly isDeleted: boolean
  readonly fileSystem: string
}

/**
 * Parses `/proc/PID/mountinfo` (proc_pid_mountinfo(5)), and skips lines that are not rows.
 * @param text its bytes, one character each: paths need not be UTF-8.
 */
export function parseMountInfo(text: string): MountRow[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const [id, parent, device, root, point] = fields
    const separator = fields.indexOf('-', 6)
    const fileSystem = fields[separator + 1]
    if (point === undefined || root === undefined || device === undefined || separator < 0 || fileSystem === undefined)
      return []
    const path = unescape(root)
    const isDeleted = path.endsWith(DELETED)
    return {
      id: Number(id),
      parent: Number(parent),
      device,
      root: (isDeleted ? path.slice(0, -DELETED.length) : path) || '/',
      point: unescape(point),
      isDeleted,
      fileSystem,
    }
  })
}

/** What the kernel adds to the path of something deleted (fs/d_path.c, dentry_path). */
const DELETED = '//deleted'

/** Blank, tab, newline, `\` and `#` are written as `\` and three octal digits. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)))
}

/** The mount that a path is in, resolved from the root as the kernel does; undefined if the rows have no root. */
export function mountOf(rows: readonly MountRow[], path: string): MountRow | undefined {
  const ids = new Set(rows.map(({id}) => id))
  let mount = rows.find((row) => row.point === '/' && (row.parent === row.id || !ids.has(row.parent)))
  const seen = new Set<MountRow>()
  while (mount !== undefined && !seen.has(mount)) {
    seen.add(mount)
    const {id} = mount
    // The first on the way hides all others; a later mount at the same path is mounted on the one before.
    const [next] = rows
      .filter((row) => row.parent === id && row.id !== id && isWithin(path, row.point))
      .sort((one, other) => one.point.length - other.point.length)
    if (next === undefined) return mount
    mount = next
  }
  return mount
}

/** The file system a path is in, and the path inside it; the given path has no symlinks. */
export function locationOf(rows: readonly MountRow[], path: string): MountLocation | undefined {
  const mount = mountOf(rows, path)
  return mount && {device: mount.device, root: joined(mount.root, below(path, mount.point))}
}

/** A path that leads to a location in a file system; undefined if there is none, or other mounts hide it. */
export function pathOf(rows: readonly MountRow[], {device, root}: MountLocation): string | undefined {
  return rows
    .filter((row) => row.device === device && !row.isDeleted && isWithin(root, row.root))
    .map((row) => ({row, path: joined(row.point, below(root, row.root))}))
    .find(({path, row}) => mountOf(rows, path) === row)?.path
}

/** A mount below another. */
export interface InnerMount extends MountLocation {
  /** Its path relative to the outer one, with a leading slash. */
  readonly place: string
}

/**
 * What is mounted below a path and visible there, except file systems without anybody's files.
 * @param without ids of mounts to ignore, with everything mounted on them.
 */
export function mountsBelow(
  rows: readonly MountRow[],
  path: string,
  without: ReadonlySet<number> = new Set(),
): InnerMount[] {
  return rows
    .filter(({fileSystem, id, point}) => {
      const isInside = point !== path && isWithin(point, path) && !isKernelFileSystem(fileSystem)
      return isInside && mountOf(rows, point)?.id === id
    })
    .filter((row) => !isOn(rows, row, without))
    .map(({device, point, root}) => ({device, root, place: below(point, path)}))
    .sort((one, other) => (one.place < other.place ? -1 : 1))
}

/** Whether a mount is one of these, or mounted on one. */
function isOn(rows: readonly MountRow[], row: MountRow, mounts: ReadonlySet<number>): boolean {
  const parents = new Map(rows.map(({id, parent}) => [id, parent]))
  const seen = new Set<number>()
  for (let id: number | undefined = row.id; id !== undefined && !seen.has(id); id = parents.get(id)) {
    if (mounts.has(id)) return true
    seen.add(id)
  }
  return false
}

/** Whether a file system shows the kernel's state, or is in memory, and so has nobody's files (filesystems(5)). */
export function isKernelFileSystem(type: string): boolean {
  return KERNEL_FILE_SYSTEMS.has(type)
}

const KERNEL_FILE_SYSTEMS: ReadonlySet<string> = new Set([
  ...['autofs', 'binfmt_misc', 'bpf', 'cgroup', 'cgroup2', 'configfs', 'debugfs', 'devpts', 'devtmpfs', 'efivarfs'],
  ...['fusectl', 'hugetlbfs', 'mqueue', 'nsfs', 'proc', 'pstore', 'rpc_pipefs', 'securityfs', 'sysfs', 'tracefs'],
])

/** The part of a path below a folder it is in: empty, or with a leading slash. */
export function below(path: string, folder: string): string {
  if (path === folder) return ''
  return folder === '/' ? path : path.slice(folder.length)
}

function joined(folder: string, rest: string): string {
  return folder === '/' ? rest || '/' : folder + rest
}
