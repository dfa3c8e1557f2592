import {Readable} from 'node:stream'
import {expect} from 'chai'
import fc from 'fast-check'
import {outputParts, splitFrames} from '../../../src/lib/engine/multiplexed.js'

/** A frame as an engine sends it. */
function frame(channel: number, content: string): Buffer {
  const body = Buffer.from(content)
  const head = Buffer.from([channel, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(body.length, 4)
  return Buffer.concat([head, body])
}

async function split(chunks: readonly Buffer[]): Promise<{stdout: string; stderr: string}> {
  const printed = {stdout: '', stderr: ''}
  for await (const {bytes, channel} of splitFrames(Readable.from(chunks))) printed[channel] += bytes.toString('latin1')
  return printed
}

describe('splitFrames', () => {
  it('splits the output by channel, wherever the chunks end', async () => {
    const content = fc.record({channel: fc.constantFrom(1, 2), text: fc.string({maxLength: 40, unit: 'binary-ascii'})})
    await fc.assert(
      fc.asyncProperty(fc.array(content, {maxLength: 8}), fc.integer({min: 1, max: 13}), async (frames, size) => {
        const bytes = Buffer.concat(frames.map(({channel, text}) => frame(channel, text)))
        const chunks = Array.from({length: Math.ceil(bytes.length / size)}, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        )
        const of = (wanted: number): string =>
          frames
            .filter(({channel}) => channel === wanted)
            .map(({text}) => text)
            .join('')
        expect(await split(chunks)).to.deep.equal({stdout: of(1), stderr: of(2)})
      }),
    )
  })

  it("treats the engine's own messages as standard error", async () => {
    expect(await split([frame(3, 'no room'), frame(1, 'more')])).to.deep.equal({stdout: 'more', stderr: 'no room'})
  })

  it('passes on what came of an incomplete frame', async () => {
    expect(await split([frame(1, 'whole').subarray(0, 11)])).to.deep.equal({stdout: 'who', stderr: ''})
    expect(await split([frame(1, 'whole').subarray(0, 5)])).to.deep.equal({stdout: '', stderr: ''})
  })
})

describe('outputParts', () => {
  const parts = async (tty: boolean): Promise<string[]> => {
    const bytes = frame(2, 'no')
    const found: string[] = []
    for await (const part of outputParts(Readable.from([bytes]), tty))
      found.push(`${part.channel} ${part.bytes.toString('latin1')}`)
    return found
  }

  it('splits frames, and treats all output of a terminal as standard output', async () => {
    expect(await parts(false)).to.deep.equal(['stderr no'])
    expect(await parts(true)).to.deep.equal([`stdout ${frame(2, 'no').toString('latin1')}`])
  })
})
