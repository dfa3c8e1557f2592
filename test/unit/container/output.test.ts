import {PassThrough, Readable} from 'node:stream'
import {expect} from 'chai'
import {ContainerOutput} from '../../../src/lib/container/container-output.js'
import {LastLines} from '../../../src/lib/container/last-lines.js'
import {safeOutput} from '../../../src/lib/container/safe-output.js'

describe('LastLines', () => {
  it('keeps the last lines across chunks, including an unfinished one', () => {
    const lines = new LastLines(3)
    for (const chunk of ['1\n2\n', '3\r\n4', '4\n5']) lines.append(Buffer.from(chunk))
    expect(lines.read()).to.deep.equal(['3', '44', '5'])
  })

  it('joins characters split across chunks, and cuts endless lines', () => {
    const lines = new LastLines()
    const umlaut = Buffer.from('ü\n')
    lines.append(umlaut.subarray(0, 1))
    lines.append(umlaut.subarray(1))
    lines.append(Buffer.from('x'.repeat(10_000)))
    expect(lines.read()[0]).to.equal('ü')
    expect(lines.read()[1]).to.have.length.below(1000)
  })

  it('cuts between characters', () => {
    const lines = new LastLines()
    lines.append(
      Buffer.from(`x${'👍🏽'.repeat(1000)}
`),
    )
    expect(lines.read()).to.deep.equal([`x${'👍🏽'.repeat(249)}`])
  })
})

describe('safeOutput', () => {
  async function cleaned(...chunks: string[]): Promise<string> {
    const stream = safeOutput()
    for (const chunk of chunks) stream.write(chunk)
    stream.end()
    let text = ''
    for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString()
    return text
  }

  it('leaves text, lines, progress bars and colours as they are', async () => {
    const text = 'a\tb\r\n50%\r100%\n\u001b[1;31mred\u001b[0m ü 漢\n'
    expect(await cleaned(text)).to.equal(text)
  })

  it('keeps a colour split across chunks', async () => {
    expect(await cleaned('\u001b', '[3', '1mred')).to.equal('\u001b[31mred')
  })

  it('lets no other control sequence through', async () => {
    const text = await cleaned('\u001b]0;title\u0007\u001b[2J\u001b[1A\u009b2J\u0008\u202e', '\u001b', ']52;c;x\u0007')
    expect(text).not.to.match(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(text).to.include('title')
  })
})

describe('ContainerOutput', () => {
  it('passes on what came before a stream broke off, and keeps its last lines', async () => {
    const stdout = new PassThrough()
    const output = new ContainerOutput({stdout, stderr: undefined})
    const stream = Readable.from(
      (function* () {
        yield Buffer.from('one\ntwo\n')
        throw new Error('the connection was lost')
      })(),
    )
    await output.follow(stream, true)
    expect(String(stdout.read())).to.equal('one\ntwo\n')
    expect(output.lastLines()).to.deep.equal(['one', 'two'])
  })
})
