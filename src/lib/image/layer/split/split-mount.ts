import {createHash} from 'node:crypto'
import {encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../../tar/tar-header.js'
import {parentPaths} from '../../../tar/path.js'
import type {TarEntry} from '../../../tar/read-tar.js'
import {entryBytes} from '../../../tar/write-tar.js'
import type {Entry} from '../../entry-list.js'
import type {MountRecording} from '../../model.js'
import {refuseWhiteout} from '../../whiteout.js'
import {opaqueMarker, visibleInMount} from '../mount-layer.js'
import {parentOf} from './parent-of.js'
import {PartAssigner, ROOT_PART} from './part-assigner.js'
import type {SplitPlan} from './plan-split.js'

/** The part that only hides what lower layers have at the mount's path: it is below all others, and hardly ever changes. */
export const HIDING_PART = -1

/** Some bytes of the layer of one part. */
export interface PartChunk {
  readonly part: number
  readonly chunk: Buffer
  /** Whether the layer ends with it. */
  readonly isLast?: boolean
}

export interface SplitMountOptions {
  readonly plan: SplitPlan
  /** The parts that are wanted; undefined for all. */
  readonly wanted?: ReadonlySet<number> | undefined
  /**
   * Called with each file of a part, in the order of its layer.
   * @param isRepeated whether it is a folder that another part has too
   */
  readonly onEntry?: (part: number, entry: Entry, isRepeated: boolean) => void
}

/**
 * Writes the layers of a mount that is split, in one pass, as chunks in the order in which they are made. The same recording always
 * gives the same layers.
 *
 * Each layer has the folders above its files, because one without them would reset them. Their times change whenever something else in them
 * does, and when an engine fills a volume: so the part of the root, which is the uppermost layer, has all folders as they are, and the others
 * have them without their times.
 * @throws FailedError `whiteout-name`, `whiteout-device` for a file that would be a deletion in a layer.
 */
export function splitMount(recording: MountRecording, options: SplitMountOptions): AsyncGenerator<PartChunk> {
  return new MountSplitter(recording, options).chunks()
}

class MountSplitter {
  readonly #assigner: PartAssigner
  readonly #root: string
  readonly #folders = new Map<string, TarHeader>()
  /** The folders that each part has. */
  readonly #written = new Map<number, Set<string>>()
  /** The folders that are in any part. */
  readonly #everywhere = new Set<string>()
  readonly #ended = new Set<number>()

  constructor(
    private readonly recording: MountRecording,
    private readonly options: SplitMountOptions,
  ) {
    this.#assigner = new PartAssigner(options.plan)
    this.#root = textToBytes(recording.path.slice(1))
  }

  async *chunks(): AsyncGenerator<PartChunk> {
    for await (const entry of visibleInMount(this.recording)) {
      const {header} = entry
      refuseWhiteout(header)
      if (header.type === 'directory') this.#folders.set(header.path, header)
      if (header.path === this.#root) yield* this.#hidingPart(header)
      const part = this.#assigner.partOf(header)
      yield* this.#foldersAbove(part, header.path)
      if (header.type === 'directory') yield* this.#folder(part, header)
      else if (this.#isWanted(part)) yield* this.#file(part, entry)
      for (const complete of this.#assigner.takeComplete()) yield* this.#end(complete)
    }
    for (const header of this.#folders.values())
      if (!this.#foldersOf(ROOT_PART).has(header.path)) yield* this.#folder(ROOT_PART, header)
    for (const part of this.#written.keys()) yield* this.#end(part)
  }

  *#hidingPart(root: TarHeader): Generator<PartChunk> {
    yield* this.#foldersAbove(HIDING_PART, root.path)
    yield* this.#folder(HIDING_PART, root)
    if (this.#isWanted(HIDING_PART)) yield {part: HIDING_PART, chunk: encodeHeader(opaqueMarker(withoutTime(root)))}
    yield* this.#end(HIDING_PART)
  }

  *#end(part: number): Generator<PartChunk> {
    if (this.#ended.has(part)) return
    this.#ended.add(part)
    if (this.#isWanted(part)) yield {part, chunk: END_OF_TAR, isLast: true}
  }

  *#foldersAbove(part: number, path: string): Generator<PartChunk> {
    if (!this.#written.has(part) && this.#isWanted(part))
      for (const parent of this.recording.parents)
        yield {part, chunk: encodeHeader(part === ROOT_PART ? parent : withoutTime(parent))}
    const written = this.#foldersOf(part)
    // Then it has those above too.
    if (written.has(parentOf(path))) return
    for (const folder of parentPaths(path)) {
      const header = written.has(folder) ? undefined : this.#folders.get(folder)
      if (header !== undefined) yield* this.#folder(part, header)
    }
  }

  *#folder(part: number, header: TarHeader): Generator<PartChunk> {
    const {path} = header
    const isRepeated = this.#everywhere.has(path)
    this.#everywhere.add(path)
    this.#foldersOf(part).add(path)
    if (!this.#isWanted(part)) return
    const written = part === ROOT_PART ? header : withoutTime(header)
    yield {part, chunk: encodeHeader(written)}
    this.options.onEntry?.(part, {header: written, sha256: undefined}, isRepeated)
  }

  async *#file(part: number, entry: TarEntry): AsyncGenerator<PartChunk> {
    const {onEntry} = this.options
    const {header} = entry
    const hash = header.type === 'file' && onEntry ? createHash('sha256') : undefined
    for await (const chunk of entryBytes(entry, (content) => hash?.update(content))) yield {part, chunk}
    onEntry?.(part, {header, sha256: hash?.digest('hex')}, false)
  }

  #foldersOf(part: number): Set<string> {
    const found = this.#written.get(part) ?? new Set()
    this.#written.set(part, found)
    return found
  }

  #isWanted(part: number): boolean {
    return this.options.wanted?.has(part) !== false
  }
}

function withoutTime(header: TarHeader): TarHeader {
  return {...header, mtime: 0}
}
