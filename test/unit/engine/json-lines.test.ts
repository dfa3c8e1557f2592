import {expect} from 'chai'
import fc from 'fast-check'
import {Readable} from 'node:stream'
import {jsonLines} from '../../../src/lib/engine/json-lines.js'
import {cutAt, inChunks} from '../../support/chunks.js'
import {thrown} from '../../support/thrown.js'

async function messagesOf(stream: Readable): Promise<object[]> {
  const messages: object[] = []
  for await (const message of jsonLines(stream)) messages.push(message)
  return messages
}

describe('stream of JSON messages', () => {
  const messages = [{status: 'Größe 🎉 日本'}, {progressDetail: {current: 1}}, {error: 'a\nb'}]
  const bytes = Buffer.from(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''))

  it('is read the same wherever it is split, also inside a character', async () => {
    for (let place = 0; place <= bytes.length; place++)
      expect(await messagesOf(Readable.from(cutAt(bytes, [place]))), String(place)).to.deep.equal(messages)
    expect(await messagesOf(Readable.from(inChunks(bytes, 1)))).to.deep.equal(messages)
  })

  it('is read whatever the messages hold and however it is split', async () => {
    const objects = fc.array(fc.dictionary(fc.string({unit: 'grapheme'}), fc.jsonValue()), {maxLength: 4})
    await fc.assert(
      fc.asyncProperty(objects, fc.array(fc.nat({max: 300}), {maxLength: 6}), async (list, cuts) => {
        const text = list.map((message) => JSON.stringify(message)).join('\n')
        const read = await messagesOf(Readable.from(cutAt(Buffer.from(text), cuts)))
        expect(read.map((message) => JSON.stringify(message))).to.deep.equal(text === '' ? [] : text.split('\n'))
      }),
    )
  })

  it('needs no newline at its end, and can have empty lines', async () => {
    expect(await messagesOf(Readable.from([Buffer.from('\n\n{"a":1}\n \r\n{"b":2}')]))).to.deep.equal([{a: 1}, {b: 2}])
    expect(await messagesOf(Readable.from([]))).to.deep.equal([])
  })

  it('ignores what is not an object', async () => {
    expect(await messagesOf(Readable.from([Buffer.from('null\n7\n"text"\ntrue\n{"a":1}\n')]))).to.deep.equal([{a: 1}])
  })

  it('yields each message as soon as its line is complete', async () => {
    async function* source(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('{"a":1}\n{"b"'))
      yield Buffer.from(':2}\n')
    }
    const stream = Readable.from(source(), {highWaterMark: 1})
    for await (const message of jsonLines(stream)) {
      expect(message).to.deep.equal({a: 1})
      expect(stream.destroyed).to.equal(false)
      break
    }
    expect(stream.destroyed, 'let go').to.equal(true)
  })

  for (const text of ['<html>', '{"a":1', '{"a":1}{"b":2}\n', '{"a":1}\nwrong\n', '\u0000'])
    it(`is an error if it is not JSON: ${JSON.stringify(text)}`, async () => {
      const error = await thrown(messagesOf(Readable.from([Buffer.from(text)])))
      expect(error).to.include({code: 'engine-answer-invalid', exitCode: 1})
      expect(error.message).to.not.include(text.slice(0, 6))
    })

  it('is an error if a message has no end, before it fills the memory', async () => {
    let given = 0
    async function* endless(): AsyncGenerator<Buffer> {
      for (; ; given++) yield await Promise.resolve(Buffer.alloc(1024 * 1024, 'x'))
    }
    expect(await thrown(messagesOf(Readable.from(endless(), {highWaterMark: 1})))).to.include({
      code: 'engine-answer-invalid',
    })
    expect(given).to.be.below(10)
  })
})
