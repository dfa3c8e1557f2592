import {expect} from 'chai'
import {Readable} from 'node:stream'
import {
  lastMessages,
  mergeMessages,
  readMessages,
  type LogMessage,
} from '../../../../../src/lib/tap/exec/log/log-message.js'

const stamp = (second: number, zone = 'Z'): string => `2026-01-31T12:00:0${second}.123456789${zone}`
const message = (second: number, text: string, channel: LogMessage['channel'] = 'stdout'): LogMessage => ({
  time: stamp(second),
  channel,
  bytes: Buffer.from(text),
})
const frame = (channel: 1 | 2, text: string): Buffer => {
  const head = Buffer.alloc(8)
  head[0] = channel
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}
/** In pieces of this size, like data from a network. */
const pieces = (bytes: Buffer, size: number): Readable =>
  Readable.from(
    Array.from({length: Math.ceil(bytes.length / size)}, (_, at) => bytes.subarray(at * size, (at + 1) * size)),
  )
const texts = async (messages: AsyncIterable<LogMessage>): Promise<string[]> => {
  const found: string[] = []
  for await (const {bytes, channel, time} of messages)
    found.push(`${time.slice(17, 19)} ${channel} ${bytes.toString()}`)
  return found
}
const from = (...messages: readonly LogMessage[]): AsyncIterable<LogMessage> => Readable.from(messages)
async function* failing(...messages: readonly LogMessage[]): AsyncGenerator<LogMessage> {
  yield* await Promise.resolve(messages)
  throw new Error('the driver cannot be read')
}

describe('log messages', () => {
  for (const size of [1, 7, 100_000]) {
    it(`are read from frames with their times, in pieces of ${size}`, async () => {
      const bytes = Buffer.concat([
        frame(1, `${stamp(1)} one\n`),
        frame(2, `${stamp(2)} 2026 two`),
        frame(1, 'no time\n'),
      ])
      const found = await texts(readMessages(pieces(bytes, size), false))
      expect(found).to.deep.equal(['01 stdout one\n', '02 stderr 2026 two', ' stdout no time\n'])
    })

    it(`are read from terminal lines and parts of long ones, in pieces of ${size}`, async () => {
      const long = 'x'.repeat(16_384)
      const bytes = Buffer.from(`${stamp(1)} one\r\n${stamp(2)} ${long}${stamp(2)} rest\r\n${stamp(3)} open`)
      const found = await texts(readMessages(pieces(bytes, size), true))
      const wanted = ['01 stdout one\r\n', `02 stdout ${long}`, '02 stdout rest\r\n', '03 stdout open']
      expect(found).to.deep.equal(wanted)
    })
  }

  it("have their times in UTC, whatever the engine's time zone", async () => {
    const logs = Readable.from([frame(1, `${stamp(1, '+02:00')} one\n`)])
    for await (const {time} of readMessages(logs, false)) expect(time).to.equal('2026-01-31T10:00:01.123456789Z')
  })

  it('of two logs are merged by time', async () => {
    const entries = [message(1, 'run', 'command'), message(3, 'three'), message(5, 'five')]
    const wanted = ['01 command run', '02 stderr two', '03 stdout three', '04 stdout four', '05 stdout five']
    const merged = mergeMessages(from(message(2, 'two', 'stderr'), message(4, 'four')), entries)
    expect(await texts(merged)).to.deep.equal(wanted)
  })

  it('of commands are printed even if the driver cannot be read', async () => {
    const found: string[] = []
    try {
      for await (const {bytes} of lastMessages(mergeMessages(failing(), [message(1, 'one')]), 5))
        found.push(bytes.toString())
      expect.fail('read')
    } catch (error) {
      expect(error).to.have.property('message', 'the driver cannot be read')
    }
    expect(found).to.deep.equal(['one'])
  })

  it('are counted from the end without commands, which come before their output', async () => {
    const all = [message(1, 'one'), message(2, 'run', 'command'), message(3, 'three'), message(4, 'four')]
    expect(await texts(lastMessages(from(...all), 2))).to.deep.equal([
      '02 command run',
      '03 stdout three',
      '04 stdout four',
    ])
    expect(await texts(lastMessages(from(...all), 1))).to.deep.equal(['04 stdout four'])
    expect(await texts(lastMessages(from(...all), 0))).to.deep.equal([])
    expect(await texts(lastMessages(from(...all), 9))).to.have.length(4)
  })
})
