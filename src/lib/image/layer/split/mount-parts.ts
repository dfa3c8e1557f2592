import {createHash} from 'node:crypto'
import {Slots} from '../../../async/slots.js'
import {EntryList, type Entry} from '../../entry-list.js'
import type {MountRecording} from '../../model.js'
import {ROOT_PART} from './part-assigner.js'
import type {PartSpool} from './part-spool.js'
import type {SplitPlan} from './plan-split.js'
import {HIDING_PART, splitMount, type PartChunk} from './split-mount.js'

/** What is known of the layer of a part once it was read. */
export interface PartFacts {
  readonly part: number
  readonly diffId: string
  /** Bytes of the tar. */
  readonly size: number
  /** How many files it has. */
  readonly entries: number
  readonly listDigest: string
  /** How many of its files are folders that another part has too. */
  readonly repeatedFolders: number
  /** Bytes of all files in it. */
  readonly contentBytes: number
}

export interface MountPartsOptions {
  readonly recording: MountRecording
  readonly plan: SplitPlan
  /** Where layers are kept. */
  readonly spool: PartSpool
  /** Whether all layers are kept when they are read first: otherwise only those that are asked for. */
  readonly keepsAll: boolean
  readonly signal: AbortSignal
  /** Called with the number of bytes done so far. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Called once with each file of the mount. */
  readonly onEntry?: ((entry: Entry) => void) | undefined
  /** Called with each part as soon as its layer is complete and kept. */
  readonly onKept?: ((facts: PartFacts, layer: () => AsyncGenerator<Buffer>) => void) | undefined
}

/** The parts of a split mount: read once to compute what their layers need, and kept in a temporary file as far as they are used. */
export class MountParts {
  readonly #keeping = new Slots(1)

  private constructor(
    private readonly options: Pick<MountPartsOptions, 'plan' | 'recording' | 'signal' | 'spool'>,
    /**
     * From the bottom: what hides lower layers, then the parts, those with the newest file last, then that of the root. Parts whose files change
     * are above those that stay, so that an engine that has a package finds most layers of the next one in their place.
     */
    readonly facts: readonly PartFacts[],
  ) {}

  /** @throws what splitMount throws; FailedError `spool-failed` */
  static async read(options: MountPartsOptions): Promise<MountParts> {
    const {keepsAll, onBytes, onEntry, onKept, plan, recording, signal, spool} = options
    const readers = new Map<number, PartReader>()
    const readerOf = (part: number): PartReader => {
      const reader = readers.get(part) ?? new PartReader(part)
      readers.set(part, reader)
      return reader
    }
    const chunks = splitMount(recording, {
      plan,
      onEntry: (part, entry, isRepeated) => {
        readerOf(part).takeEntry(entry, isRepeated)
        if (!isRepeated) onEntry?.(entry)
      },
    })
    let bytes = 0
    const measure = ({chunk, part}: PartChunk): void => {
      signal.throwIfAborted()
      readerOf(part).takeBytes(chunk)
      onBytes?.((bytes += chunk.length))
    }
    const kept = ({isLast, part}: PartChunk): void => {
      if (isLast === true) onKept?.(readerOf(part).facts, () => spool.read(part))
    }
    if (keepsAll) await spool.write(observed(chunks, measure, kept))
    else for await (const chunk of chunks) measure(chunk)
    return new MountParts(
      options,
      [...readers.values()].sort(byPlace).map((reader) => reader.facts),
    )
  }

  /** Makes layers readable at once: those that are not kept are read in one pass. */
  async keep(parts: Iterable<number>): Promise<void> {
    const {plan, recording, signal, spool} = this.options
    await this.#keeping.run(async () => {
      const wanted = new Set([...parts].filter((part) => !spool.has(part)))
      if (wanted.size === 0) return
      await spool.write(observed(splitMount(recording, {plan, wanted}), () => signal.throwIfAborted()))
    })
  }

  /** The layer of a part, from its beginning. */
  async *layer(part: number): AsyncGenerator<Buffer> {
    await this.keep([part])
    yield* this.options.spool.read(part)
  }
}

/** Reads one part. */
class PartReader {
  readonly #hash = createHash('sha256')
  readonly #list = new EntryList()
  #size = 0
  #contentBytes = 0
  #repeatedFolders = 0
  #newest = 0
  #facts: PartFacts | undefined

  constructor(readonly part: number) {}

  /** The time of its newest file. */
  get newest(): number {
    return this.#newest
  }

  takeBytes(chunk: Buffer): void {
    this.#hash.update(chunk)
    this.#size += chunk.length
  }

  takeEntry(entry: Entry, isRepeated: boolean): void {
    const {mtime, size, type} = entry.header
    this.#list.addEntry(entry)
    this.#contentBytes += size
    if (isRepeated) this.#repeatedFolders++
    if (type !== 'directory') this.#newest = Math.max(this.#newest, mtime)
  }

  /** Asked for once it is complete. */
  get facts(): PartFacts {
    this.#facts ??= {
      part: this.part,
      diffId: `sha256:${this.#hash.digest('hex')}`,
      size: this.#size,
      entries: this.#list.entries,
      listDigest: this.#list.digest(),
      repeatedFolders: this.#repeatedFolders,
      contentBytes: this.#contentBytes,
    }
    return this.#facts
  }
}

function byPlace(one: PartReader, other: PartReader): number {
  return rank(one.part) - rank(other.part) || one.newest - other.newest || one.part - other.part
}

function rank(part: number): number {
  if (part === HIDING_PART) return 0
  return part === ROOT_PART ? 2 : 1
}

async function* observed(
  chunks: AsyncIterable<PartChunk>,
  onChunk: (chunk: PartChunk) => void,
  onTaken?: (chunk: PartChunk) => void,
): AsyncGenerator<PartChunk> {
  for await (const chunk of chunks) {
    onChunk(chunk)
    yield chunk
    onTaken?.(chunk)
  }
}
