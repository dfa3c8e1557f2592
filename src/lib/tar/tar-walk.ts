import {checkMetaSize, parseHeader, parsePax, readNumber, withoutTrailingNul} from './read-tar.js'
import {BLOCK, paddingAfter, typeOfFlag} from './tar-header.js'

/**
 * Follows a tar from header to header as its bytes pass, without looking at contents. This shows at little cost whether it is
 * complete, while reading it (readTar) takes time for each file.
 */
export class TarWalk {
  /** Bytes to skip before the next header. */
  #skip = 0
  /** The bytes collected of a header, or of the body of one that describes the next file, and its full length. */
  #gathered: Buffer = Buffer.alloc(0)
  #wanted = BLOCK
  /** The flag and size of the header whose body is being collected. */
  #meta: {readonly flag: string; readonly size: number} | undefined
  #records = new Map<string, Buffer>()
  #last: {readonly block: Buffer; readonly records: ReadonlyMap<string, Buffer>} | undefined
  #isWhole = false

  /** Whether the end of the tar has passed. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** The path of the last file whose header has passed, as a byte string. */
  get lastPath(): string | undefined {
    if (this.#last === undefined) return undefined
    const {block, records} = this.#last
    return parseHeader(block, '0', 0, records).path
  }

  /** @throws FailedError `tar-invalid` if it is not a tar */
  push(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length && !this.#isWhole;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - offset)
        this.#skip -= skipped
        offset += skipped
        continue
      }
      const taken = chunk.subarray(offset, offset + this.#wanted - this.#gathered.length)
      offset += taken.length
      this.#gathered = this.#gathered.length === 0 ? taken : Buffer.concat([this.#gathered, taken])
      if (this.#gathered.length < this.#wanted) {
        // The chunk's owner may reuse it.
        this.#gathered = Buffer.from(this.#gathered)
        continue
      }
      const block = this.#gathered
      this.#gathered = Buffer.alloc(0)
      this.#wanted = BLOCK
      if (this.#meta === undefined) this.#takeHeader(block)
      else this.#takeBody(block, this.#meta)
    }
  }

  #takeHeader(block: Buffer): void {
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      this.#isWhole = true
      return
    }
    const flag = String.fromCharCode(block[156] ?? 0)
    const size = readNumber(block, 124, 12)
    if (/^[xgLK]$/.test(flag)) {
      checkMetaSize(size)
      this.#meta = {flag, size}
      this.#wanted = size + paddingAfter(size)
      if (size === 0) this.#takeBody(Buffer.alloc(0), this.#meta)
      return
    }
    const recorded = this.#records.get('size')
    const length =
      typeOfFlag(flag) === 'file' ? (recorded === undefined ? size : Number(recorded.toString('latin1'))) : 0
    this.#last = {block: Buffer.from(block), records: this.#records}
    this.#records = new Map()
    this.#skip = length + paddingAfter(length)
  }

  #takeBody(block: Buffer, {flag, size}: {readonly flag: string; readonly size: number}): void {
    const body = Buffer.from(block.subarray(0, size))
    this.#meta = undefined
    this.#wanted = BLOCK
    if (flag === 'x') this.#records = parsePax(body, this.#records)
    else if (flag === 'L') this.#records.set('path', withoutTrailingNul(body))
    else if (flag === 'K') this.#records.set('linkpath', withoutTrailingNul(body))
  }
}
