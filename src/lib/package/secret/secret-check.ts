import type {ContainerChanges} from '../../container/container-changes.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {TarEntry} from '../../tar/read-tar.js'
import type {PathPatterns} from '../exclude/path-patterns.js'
import {destinationsOf, type SelectedMount} from '../mount/mount-selection.js'
import type {Recording} from '../capture/mount-stream.js'
import {mountSearch, searchMount, searchWritableLayer} from './search-container.js'
import {SecretGate, type PackagedSecret, type SecretGateOptions} from './secret-gate.js'
import {SecretSearch, secretsInBinds} from './secret-search.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What to search, and options for asking about what is found. */
export interface SecretCheckOptions extends SecretGateOptions {
  readonly container: ContainerDetails
  readonly mounts: readonly SelectedMount[]
  /** What is not packaged. */
  readonly excluded: PathPatterns
}

/**
 * Looks for secrets in what goes into a package: in the mounts, and in what the container changed, but not in its image. Once
 * before the container is paused, so that nobody waits in vain; and again in what was recorded.
 */
export class SecretCheck {
  readonly #search: SecretSearch
  readonly #gate: SecretGate
  readonly #destinations: readonly string[]

  constructor(
    private readonly work: EngineWork,
    private readonly options: SecretCheckOptions,
  ) {
    const {container, excluded, mounts} = options
    const origins = mounts.map((mount) => ({...mount, isIncluded: mount.excluded === undefined}))
    this.#search = new SecretSearch({excluded, known: secretsInBinds(origins)})
    this.#gate = new SecretGate(work, options)
    this.#destinations = destinationsOf(container)
  }

  get found(): PackagedSecret[] {
    return this.#gate.describe(this.#search.found)
  }

  /** Checks the entries of a mount, for code that already reads it. */
  observe(destination: string): (entry: TarEntry) => Promise<void> {
    return mountSearch(this.#search, this.#mount(destination), this.#destinations)
  }

  async searchWritableLayer(changes: ContainerChanges): Promise<void> {
    const layer = {container: this.options.container.Id, destinations: this.#destinations, changes}
    await searchWritableLayer(this.work, this.#search, layer)
  }

  /** Searches the recordings, and what had changed in the container at that moment. */
  async searchRecorded(
    mounts: readonly {destination: string; recording: Pick<Recording, 'read'> | undefined}[],
    changes: ContainerChanges,
  ): Promise<void> {
    for (const {destination, recording} of mounts) {
      if (recording === undefined) throw new Error(`no recording of ${destination}`)
      const mount = {...this.#mount(destination), read: () => recording.read()}
      await searchMount(this.#search, mount, this.#destinations)
    }
    await this.searchWritableLayer(changes)
  }

  /** Asks about what was found since the last time; throws as `SecretGate.ask`. */
  async ask(): Promise<void> {
    await this.#gate.ask(this.#search.found)
  }

  #mount(destination: string): SelectedMount {
    const mount = this.options.mounts.find((each) => each.destination === destination)
    if (mount === undefined) throw new Error(`no mount ${destination}`)
    return mount
  }
}
