import {expect} from 'chai'
import {Readable} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {exportStream} from '../../../src/lib/engine/export-stream.js'
import {thrown} from '../../support/thrown.js'

/** Fails with the message of the engine. */
function fail(message: string): Promise<never> {
  return Promise.reject(new Error(message))
}

/** Everything of a stream that consists of these parts. */
function passedOn(parts: readonly Buffer[]): Promise<Buffer> {
  return buffer(exportStream(Readable.from(parts), fail))
}

/** As moby writes it: `streamformatter.FormatError`. */
function formatted(message: string): Buffer {
  return Buffer.from(`${JSON.stringify({errorDetail: {message}, error: message})}\r\n`)
}

describe('exportStream', () => {
  const data = Buffer.alloc(50_000, 'an export ')
  const unavailable =
    'failed to copy to tar: rpc error: code = Unavailable desc = "transport: Error while dialing: dial unix /run/c.sock"'

  for (const size of [1, 511, 65_536, 1_000_000])
    it(`passes on every byte of chunks of ${size}`, async () => {
      const chunks = Array.from({length: Math.ceil(data.length / size)}, (_, index) =>
        data.subarray(index * size, (index + 1) * size),
      )
      expect((await passedOn(chunks)).equals(data)).to.equal(true)
    })

  it('passes on an empty export', async () => {
    expect(await passedOn([])).to.have.length(0)
  })

  it('throws the error that an engine sends in place of the rest, in any chunks', async () => {
    const error = formatted(unavailable)
    for (const parts of [
      [data, error],
      [error],
      [Buffer.concat([data, error])],
      [data, ...Array.from(error, (byte) => Buffer.from([byte]))],
    ])
      expect(await thrown(passedOn(parts))).to.include({message: unavailable})
  })

  it('passes on what comes before that error', async () => {
    const passed: Buffer[] = []
    const reading = async (): Promise<void> => {
      for await (const chunk of exportStream(Readable.from([data, formatted(unavailable)]), fail)) passed.push(chunk)
    }
    expect(await thrown(reading())).to.include({message: unavailable})
    expect(Buffer.concat(passed).equals(data)).to.equal(true)
  })

  it('throws an error that quotes another', async () => {
    const quoting = `the other engine said ${formatted('full').toString()}`
    expect(await thrown(passedOn([data, formatted(quoting)]))).to.include({message: quoting})
  })

  it('takes a file that holds such an error for a file', async () => {
    const archive = Buffer.concat([formatted('in a file'), Buffer.alloc(1024)])
    expect((await passedOn([archive])).equals(archive)).to.equal(true)
    const cutOff = formatted('in a file').subarray(0, -4)
    expect((await passedOn([cutOff])).equals(cutOff)).to.equal(true)
  })

  it('passes on what it has before the source ends', async () => {
    let read = 0
    // oxlint-disable-next-line typescript/require-await
    async function* source(): AsyncGenerator<Buffer> {
      for (;;) {
        read++
        yield data
      }
    }
    for await (const chunk of exportStream(source(), fail)) {
      expect(chunk).to.equal(data)
      break
    }
    expect(read).to.equal(2)
  })
})
