import {createHash} from 'node:crypto'
import type {TarHeader} from '../../../tar/tar-header.js'
import {weightOf} from './folder-weights.js'
import {parentOf} from './parent-of.js'
import type {SplitPlan} from './plan-split.js'

/** The part of the mount's root folder. */
export const ROOT_PART = 0

/** Files that are cut into parts one after the other, and the part that is being filled. */
interface Sequence {
  /** How large its parts should be. */
  readonly size: number
  part: number | undefined
  weight: number
}

/**
 * Says which part of a mount each file goes into, in the order of its archive. A part ends where the hash of a path says so, as
 * content-defined chunks do: so a file that is added, changed or removed moves no border but those beside it.
 */
export class PartAssigner {
  readonly #light: Sequence
  readonly #heavy = new Map<string, Sequence>()
  readonly #sequences = new Map<string, Sequence>()
  readonly #partOfLinked = new Map<string, number>()
  #complete: number[] = []
  #parts = 0

  constructor(private readonly plan: SplitPlan) {
    this.#light = {size: plan.lightSize, part: undefined, weight: 0}
    for (const [folder, size] of plan.heavyFolders)
      this.#heavy.set(folder, size === undefined ? this.#light : {size, part: undefined, weight: 0})
  }

  /** How many parts there are so far. */
  get parts(): number {
    return this.#parts
  }

  /** The part of a file. Another name of a file is where its content is: a layer can link only to what it has. */
  partOf(header: TarHeader): number {
    const {linked} = this.plan
    const {link, path, type} = header
    const known = type === 'hardlink' ? this.#partOfLinked.get(link) : undefined
    if (known !== undefined) return known
    const isLarge = this.plan.largeFiles.has(path)
    const part = isLarge ? this.#newPart() : this.#inSequence(header)
    if (linked.has(path)) this.#partOfLinked.set(path, part)
    if (isLarge) this.#end(part)
    return part
  }

  /** The parts that nothing more goes into, since this was last asked. */
  takeComplete(): readonly number[] {
    const complete = this.#complete
    this.#complete = []
    return complete
  }

  #inSequence(header: TarHeader): number {
    const folder = header.type === 'directory' ? header.path : parentOf(header.path)
    const sequence = this.#sequenceOf(folder)
    const weight = weightOf(header)
    if (sequence.part === undefined || this.#endsBefore(header, folder, sequence)) {
      if (sequence.part !== undefined) this.#end(sequence.part)
      sequence.part = this.#newPart()
      sequence.weight = 0
    }
    sequence.weight += weight
    return sequence.part
  }

  /** Whether a part ends before a file: between half and twice the size that it should have. */
  #endsBefore(header: TarHeader, folder: string, {size, weight}: Sequence): boolean {
    if (weight < size / 2 || this.#parts >= this.plan.maxParts) return false
    const own = weightOf(header)
    if (weight + own > 2 * size) return true
    const inFolder = this.plan.ownWeights.get(folder) ?? 0
    // A folder with many files is cut too.
    const chance = header.type === 'directory' ? inFolder : inFolder > size ? own : 0
    return fractionOf(header.path) < chance / (size / 2)
  }

  #sequenceOf(folder: string): Sequence {
    const known = this.#sequences.get(folder)
    if (known !== undefined) return known
    const found = this.#heavy.get(folder) ?? (folder === '' ? this.#light : this.#sequenceOf(parentOf(folder)))
    this.#sequences.set(folder, found)
    return found
  }

  /** No other file follows in a part, but there may be other names of its files, and folders of the root's. */
  #end(part: number): void {
    if (part === ROOT_PART || [...this.#partOfLinked.values()].includes(part)) return
    this.#complete.push(part)
  }

  #newPart(): number {
    return this.#parts < this.plan.maxParts ? this.#parts++ : ROOT_PART
  }
}

/** A number from 0 to 1 that only a path decides. */
function fractionOf(path: string): number {
  return createHash('sha256').update(path, 'latin1').digest().readUInt32BE(0) / 2 ** 32
}
