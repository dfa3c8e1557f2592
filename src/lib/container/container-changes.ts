import {CHANGE} from '../engine/types.js'
import {bytesToText, textToBytes} from '../tar/tar-header.js'

/** One line of an engine's list of changes. */
export interface Change {
  readonly Path: string
  /** One of CHANGE. */
  readonly Kind: number
}

/** The character that replaces bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD'

/**
 * The key of a path in a list of changes. The engine writes that list as JSON, which loses bytes that are not UTF-8: one or
 * several of them in a row have the same key.
 * @param path byte string without its leading slash.
 */
export function changeKey(path: string): string {
  return textKey(bytesToText(path))
}

/** Whether several paths can have this key. */
export function isLossy(key: string): boolean {
  return bytesToText(key).includes(REPLACEMENT)
}

function textKey(path: string): string {
  return textToBytes(path.replace(/\uFFFD+/g, REPLACEMENT))
}

/** What a container changed against its image, by path keys. */
export class ContainerChanges {
  readonly #kinds = new Map<string, number[]>()

  /** @param list the engine's list */
  constructor(list: readonly Change[]) {
    for (const {Kind, Path} of list) {
      const key = textKey(Path.replace(/^\//, ''))
      const kinds = this.#kinds.get(key)
      if (kinds === undefined) this.#kinds.set(key, [Kind])
      else kinds.push(Kind)
    }
  }

  has(key: string): boolean {
    return this.#kinds.has(key)
  }

  /** How many paths with this key were deleted. */
  deletions(key: string): number {
    return this.#kinds.get(key)?.filter((kind) => kind === CHANGE.deleted).length ?? 0
  }

  /** Whether the container's image has no path with this key. */
  isNew(key: string): boolean {
    return this.#kinds.get(key)?.every((kind) => kind === CHANGE.added) ?? false
  }

  /** The changes if more paths had been deleted. @param deleted keys of those that the container's image has */
  afterDeleting(isDeleted: (key: string) => boolean, deleted: readonly string[]): ContainerChanges {
    const changes = new ContainerChanges([])
    for (const [key, kinds] of this.#kinds) if (!isDeleted(key)) changes.#kinds.set(key, kinds)
    for (const key of deleted) changes.#kinds.set(key, [CHANGE.deleted])
    return changes
  }

  /** The keys of all changes. */
  keys(): IterableIterator<string> {
    return this.#kinds.keys()
  }

  /** The keys of existing paths, new or changed, without the root folder. */
  existing(): string[] {
    return [...this.#kinds].flatMap(([key, kinds]) =>
      key !== '' && kinds.some((kind) => kind !== CHANGE.deleted) ? [key] : [],
    )
  }

  /** The keys of new paths that replaced nothing. */
  added(): string[] {
    return [...this.#kinds].flatMap(([key, kinds]) => (kinds.every((kind) => kind === CHANGE.added) ? [key] : []))
  }

  /** The changes with wanted keys. */
  filter(isWanted: (key: string) => boolean): ContainerChanges {
    const wanted = new ContainerChanges([])
    for (const [key, kinds] of this.#kinds) if (isWanted(key)) wanted.#kinds.set(key, kinds)
    return wanted
  }
}
