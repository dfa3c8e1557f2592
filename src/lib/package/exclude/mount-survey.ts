import type {TarEntry} from '../../tar/read-tar.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'
import {placed} from '../../image/layer/mount-layer.js'
import type {SecretCheck} from '../secret/secret-check.js'
import {ExcludableParts} from './excludable-parts.js'
import type {PathPatterns} from './path-patterns.js'
import {isWithin} from '../../tar/path.js'

/** What to look for. */
export interface MountSurveyOptions {
  readonly patterns: PathPatterns
  /** Of all mounts. */
  readonly destinations: readonly string[]
  readonly secrets: Pick<SecretCheck, 'observe'>
}

/** Examines all files in a container's mounts while they are measured: what is excluded, what could be, and what is a secret. */
export class MountSurvey {
  readonly parts = new ExcludableParts()
  readonly #excluded = new Set<string>()

  constructor(private readonly options: MountSurveyOptions) {}

  /** The topmost excluded paths. */
  get excluded(): string[] {
    return [...this.#excluded].sort()
  }

  /**
   * Returns a function to call with the entries of one mount. It returns the bytes of each that are packaged; undefined if left
   * out.
   */
  observe(destination: string): (entry: TarEntry) => Promise<number | undefined> {
    const {destinations, patterns, secrets} = this.options
    const root = textToBytes(destination.slice(1))
    const inner = destinations.filter((other) => other !== destination && isWithin(other, destination))
    const look = secrets.observe(destination)
    const count = this.parts.observe()
    let top: string | undefined
    return async (entry) => {
      const path = `/${bytesToText(placed(entry.header.path, root))}`
      if (top !== undefined && isWithin(path, top)) return undefined
      const over = inner.find((other) => isWithin(path, other))
      if (over !== undefined) return path === over ? 0 : undefined
      if (patterns.matches(path, entry.header.type === 'directory')) {
        top = path
        this.#excluded.add(path)
        return undefined
      }
      if (path !== destination) await count(entry, path)
      await look(entry)
      return entry.header.size
    }
  }
}
