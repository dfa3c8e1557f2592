import type {ContainerDetails} from '../../engine/types.js'
import {Cleanup} from '../../async/cleanup.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {ContainerLock, type ContainerLockOptions} from './container-lock.js'

/** Options for taking locks. */
export interface ContainerLocksOptions extends ContainerLockOptions {
  /** Other containers to be paused too. */
  readonly others: readonly ContainerDetails[]
}

/**
 * The locks on a container and on others that are paused while it is read. Every keg process takes its locks in the order of the
 * containers' ids, so that no two wait for each other. Removed when disposed of.
 */
export class ContainerLocks implements AsyncDisposable {
  readonly #others = new Cleanup()
  #own: ContainerLock | undefined

  private constructor() {}

  /** Takes all of them, and waits for the keg processes that have them. */
  static async take(work: EngineWork, {others, ...options}: ContainerLocksOptions): Promise<ContainerLocks> {
    const locks = new ContainerLocks()
    const ordered = [options.container, ...others].sort((one, other) => (one.Id < other.Id ? -1 : 1))
    try {
      for (const container of ordered)
        if (container.Id === options.container.Id) locks.#own = await ContainerLock.take(work, options)
        else {
          const sessions = (): Promise<readonly string[]> => Promise.resolve([])
          locks.#others.use(await ContainerLock.take(work, {...options, container, sessions}))
        }
      return locks
    } catch (error) {
      // The first failure counts. Whatever is left has labels.
      await locks[Symbol.asyncDispose]().catch(() => undefined)
      throw error
    }
  }

  /**
   * Releases the containers for others. The renamed first lock still shows who owns the resources of this run, until it is over.
   */
  async release(): Promise<void> {
    await this.#others[Symbol.asyncDispose]()
    await this.#own?.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = new Cleanup()
    if (this.#own !== undefined) all.use(this.#own)
    all.use(this.#others)
    await all[Symbol.asyncDispose]()
  }
}
