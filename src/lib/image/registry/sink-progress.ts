/** What is known of the size of a blob before it is sent. */
export interface BlobSize {
  /** Bytes, if they are known. */
  readonly size?: number | undefined
  /** Bytes of the tar that it is made from, if they are known. */
  readonly tarSize?: number | undefined
}

/** A total in bytes. */
export interface Total {
  readonly bytes: number
  /** Whether some of it is only known by how much the rest could be compressed. */
  readonly isEstimate: boolean
}

/** How much of a tar says how far it can be compressed. */
const MIN_TAR_BYTES = 4_194_304

/** The bytes of blobs that are sent, of those that have to be. */
export class SinkProgress {
  readonly #blobs = new Set<BlobProgress>()

  /** Another blob that has to be sent. */
  add(size: BlobSize): BlobProgress {
    const blob = new BlobProgress(size)
    this.#blobs.add(blob)
    return blob
  }

  /** Bytes that this run has sent. */
  get sent(): number {
    return [...this.#blobs].reduce((sum, {sent}) => sum + sent, 0)
  }

  /** Bytes that an earlier run has sent. */
  get skipped(): number {
    return [...this.#blobs].reduce((sum, {skipped}) => sum + skipped, 0)
  }

  /** Bytes that this run has to send; undefined as long as there is a blob that nothing is known of. */
  get total(): Total | undefined {
    const blobs = [...this.#blobs]
    const known = blobs.filter(({ratio}) => ratio !== undefined)
    const read = known.reduce((sum, {tarBytes}) => sum + tarBytes, 0)
    const ratio = read === 0 ? undefined : known.reduce((sum, {packed}) => sum + packed, 0) / read
    const totals = blobs.map((blob) => blob.total(ratio))
    if (totals.includes(undefined)) return undefined
    return {
      bytes: totals.reduce<number>((sum, total) => sum + (total?.bytes ?? 0), 0),
      isEstimate: totals.some((total) => total?.isEstimate),
    }
  }
}

/** The bytes of one blob. */
export class BlobProgress {
  #sent = 0
  #skipped = 0
  #isDone = false
  #packed = 0
  #tarBytes = 0

  constructor(private readonly known: BlobSize) {}

  get sent(): number {
    return this.#sent
  }

  get skipped(): number {
    return this.#skipped
  }

  get packed(): number {
    return this.#packed
  }

  get tarBytes(): number {
    return this.#tarBytes
  }

  /** How far its tar can be compressed; undefined if too little of it was read. */
  get ratio(): number | undefined {
    return this.#tarBytes < MIN_TAR_BYTES ? undefined : this.#packed / this.#tarBytes
  }

  /** More bytes were sent; with a negative number, some have to be sent again. */
  add(bytes: number): void {
    this.#sent += bytes
  }

  /** An earlier run sent so many bytes. */
  skip(bytes: number): void {
    this.#skipped = bytes
  }

  /** So much of its tar was compressed, into so many bytes. */
  compressed(tarBytes: number, packed: number): void {
    this.#tarBytes = tarBytes
    this.#packed = packed
  }

  /** The registry has it. */
  done(): void {
    this.#isDone = true
  }

  /** What has to be sent of it. @param ratio that of other blobs */
  total(ratio: number | undefined): Total | undefined {
    if (this.#isDone) return {bytes: this.#sent, isEstimate: false}
    const {size, tarSize} = this.known
    if (size !== undefined) return {bytes: size - this.#skipped, isEstimate: false}
    const own = this.ratio ?? ratio
    if (tarSize === undefined || own === undefined) return undefined
    return {bytes: Math.max(this.#sent, Math.round(tarSize * own) - this.#skipped), isEstimate: true}
  }
}
