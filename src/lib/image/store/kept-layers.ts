import {layerMissing} from '../archive/manifest.js'
import type {Spool} from '../spool.js'

/** Layers of one image in temporary files, in the form of its store. Each is read from the engine only once. */
export class KeptLayers {
  readonly #files: Map<string, Spool>

  /**
   * @param extract reads layers by their diffIDs, and may read more
   * @param files layers that were read already, by their diffIDs
   */
  constructor(
    private readonly extract: (diffIds: ReadonlySet<string>) => Promise<ReadonlyMap<string, Spool>>,
    files: ReadonlyMap<string, Spool> = new Map(),
  ) {
    this.#files = new Map(files)
  }

  /** Reads those that are missing here. */
  async keep(diffIds: ReadonlySet<string>): Promise<void> {
    const missing = new Set([...diffIds].filter((diffId) => !this.#files.has(diffId)))
    if (missing.size === 0) return
    for (const [diffId, file] of await this.extract(missing)) this.#files.set(diffId, file)
  }

  /** @throws FailedError `layer-missing` */
  async file(diffId: string): Promise<Spool> {
    await this.keep(new Set([diffId]))
    const file = this.#files.get(diffId)
    if (file === undefined) throw layerMissing(diffId)
    return file
  }
}
