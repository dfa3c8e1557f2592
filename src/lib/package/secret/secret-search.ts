import {posix} from 'node:path'
import type {TarEntry} from '../../tar/read-tar.js'
import type {PathPatterns} from '../exclude/path-patterns.js'
import {isSecretPlace} from '../mount/mount-rules.js'
import {MAX_CHECKED_SIZE, secretCandidate, secretReason} from './secret-files.js'
import {isWithin} from '../../tar/path.js'

/** A file that looks like a secret. */
export interface FoundSecret {
  /** Path in the container. */
  readonly path: string
  /** Why it looks like one: `login of npm`. */
  readonly reason: string
}

/** Options for a search. */
export interface SecretSearchOptions {
  /** What is not packaged. */
  readonly excluded: PathPatterns
  /** Reasons for files that are secrets whatever their content, by their paths in the container. */
  readonly known: ReadonlyMap<string, string>
}

/** Looks for secrets among a container's files as they are read, by their names, and for some names by their text. */
export class SecretSearch {
  readonly #found = new Map<string, string>()

  constructor(private readonly options: SecretSearchOptions) {}

  /** Sorted by path. */
  get found(): FoundSecret[] {
    return [...this.#found].map(([path, reason]) => ({path, reason})).sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Whether a file's name makes it worth checking. @param otherPath its path on the host, if known */
  wants(path: string, otherPath?: string): boolean {
    const {excluded, known} = this.options
    const isWanted = known.has(path) || isSecretPlace(path) || this.#candidate(path, otherPath) !== undefined
    return isWanted && !excluded.matches(path, false)
  }

  /** Checks one file, and reads its content if that matters. */
  async look({content, header}: TarEntry, path: string, otherPath?: string): Promise<void> {
    if (header.type !== 'file' || header.size === 0 || !this.wants(path, otherPath)) return
    const reason = this.options.known.get(path) ?? (isSecretPlace(path) ? 'a secret' : undefined)
    const candidate = this.#candidate(path, otherPath)
    const found =
      reason ??
      (candidate && secretReason(candidate, header.size > MAX_CHECKED_SIZE ? undefined : await textOf(content)))
    if (found !== undefined) this.#found.set(path, found)
  }

  #candidate(path: string, otherPath?: string): ReturnType<typeof secretCandidate> {
    return secretCandidate(otherPath === undefined ? [path] : [path, otherPath])
  }
}

async function textOf(content: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('latin1')
}

/** A mount, as far as needed to tell whether another mount contains it. */
export interface MountOrigin {
  readonly destination: string
  /** Path on the engine's machine, for binds. */
  readonly source: string | undefined
  /** Whether it is left out of the package as a secret, or is in it because the user included it. */
  readonly isSecret: boolean
  readonly isIncluded: boolean
}

/**
 * Finds mounted secrets that are in the package anyway: in a bind of a folder that contains them.
 * @returns reasons by path in the container
 */
export function secretsInBinds(mounts: readonly MountOrigin[]): Map<string, string> {
  const known = new Map<string, string>()
  for (const {destination: at, isSecret, source} of mounts) {
    if (!isSecret || source === undefined) continue
    for (const {destination, isIncluded, source: folder} of mounts)
      if (isIncluded && folder !== undefined && folder !== source && isWithin(source, folder))
        known.set(posix.join(destination, posix.relative(folder, source)), `the file of the secret ${at}`)
  }
  return known
}
