import {expect} from 'chai'
import fc from 'fast-check'
import {Readable} from 'node:stream'
import {text} from 'node:stream/consumers'
import {plainLineEnds} from '../../../../src/lib/container/exec/line-ends.js'

const plain = (chunks: readonly string[]): Promise<string> =>
  text(Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(plainLineEnds()))

describe('plainLineEnds', () => {
  it('removes the carriage return before a newline, wherever the chunks end', async () => {
    const piece = fc.constantFrom('a', '\r', '\n', '\r\n', 'bc')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(piece, {minLength: 1}), {minLength: 1}), async (chunks) => {
        const parts = chunks.map((pieces) => pieces.join(''))
        expect(await plain(parts)).to.equal(parts.join('').replaceAll('\r\n', '\n'))
      }),
    )
  })

  it('keeps the carriage returns of a progress bar', async () => {
    expect(await plain(['10%\r20%', '\r30%\r'])).to.equal('10%\r20%\r30%\r')
  })
})
