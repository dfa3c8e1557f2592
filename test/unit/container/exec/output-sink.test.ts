import {expect} from 'chai'
import {PassThrough, Writable} from 'node:stream'
import {setImmediate as turn} from 'node:timers/promises'
import {OutputSink, type OutputKind} from '../../../../src/lib/container/exec/output-sink.js'

/** What a target gets when a container prints this. */
async function shown(printed: string, kind: OutputKind, isTTY: boolean): Promise<string> {
  const target = Object.assign(new PassThrough(), {isTTY})
  const sink = new OutputSink(target, kind)
  await sink.write(Buffer.from(printed))
  await sink.close()
  expect(target.writableEnded, 'the target stays open').to.equal(false)
  return String(target.read())
}

describe('OutputSink', () => {
  const driving = 'a\u001b[31mred\u001b[0m\u001b]0;title\u0007\r\n'

  it('gives an interactive terminal each byte, with bare newlines as ESC D', async () => {
    expect(await shown(driving, {tty: true, isInteractive: true}, true)).to.equal(driving)
    expect(await shown('\n|\b\n|\r\n', {tty: true, isInteractive: true}, true)).to.equal('\u001bD|\b\u001bD|\r\n')
  })

  it('gives any other terminal no control sequences but colours', async () => {
    expect(await shown(driving, {tty: false, isInteractive: false}, true)).to.equal(
      'a\u001b[31mred\u001b[0m?]0;title?\r\n',
    )
  })

  it('gives files each byte of a program without a terminal', async () => {
    expect(await shown(driving, {tty: false, isInteractive: false}, false)).to.equal(driving)
  })

  it('gives files the line ends of files', async () => {
    expect(await shown('one\r\ntwo\r\n', {tty: true, isInteractive: false}, false)).to.equal('one\ntwo\n')
  })

  it('waits until the target takes more', async () => {
    const taken: (() => void)[] = []
    const target = new Writable({highWaterMark: 1, write: (_chunk, _encoding, done) => void taken.push(done)})
    const sink = new OutputSink(target, {tty: false, isInteractive: false})
    let isOver = false
    const writing = sink.write(Buffer.from('much')).then(() => (isOver = true))
    await turn()
    expect(isOver).to.equal(false)
    taken[0]?.()
    await writing
  })

  it('drops output once nobody reads it', async () => {
    const target = new Writable({highWaterMark: 1, write: (_chunk, _encoding, done) => done(new Error('gone'))})
    target.on('error', () => undefined)
    const sink = new OutputSink(target, {tty: false, isInteractive: false})
    await sink.write(Buffer.from('one'))
    await sink.write(Buffer.from('two'))
    await sink.close()
  })
})
