import {expect} from 'chai'
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {PassThrough} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {OutputFile, type OutputTarget} from '../../../../src/lib/image/file/output-file.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'
import {ownTemporaryFolder} from '../../package/temporary-folder.js'

const content = Buffer.from('a package '.repeat(300_000))
const {signal} = new AbortController()

describe('file that a package is written to', () => {
  const folder = ownTemporaryFolder()
  const at = (name: string, replaces = false): OutputTarget => ({
    kind: 'file',
    path: `./${name}`,
    place: join(folder.path, name),
    replaces,
  })

  it('has its name only once it is published, and can be read before', async () => {
    const seen: number[] = []
    {
      await using file = await OutputFile.create(at('shop.tar'))
      await file.write(inChunks(content), (bytes) => seen.push(bytes))
      expect(readdirSync(folder.path)).to.have.length(1)
      expect(readdirSync(folder.path)[0]).to.match(/^\.shop\.tar\.keg-/)
      const {handle, path, size} = file.open
      expect([path, size]).to.deep.equal(['./shop.tar', content.length])
      expect((await handle.read(Buffer.alloc(9), 0, 9, 0)).buffer.toString()).to.equal('a package')
      await file.publish(signal)
    }
    expect(readdirSync(folder.path)).to.deep.equal(['shop.tar'])
    expect(readFileSync(join(folder.path, 'shop.tar')).equals(content)).to.equal(true)
    expect(statSync(join(folder.path, 'shop.tar')).mode & 0o777).to.equal(0o600)
    expect(seen.at(-1)).to.equal(content.length)
  })

  it('is gone without that, and after a failure of what is written', async () => {
    const failing = async (): Promise<void> => {
      await using file = await OutputFile.create(at('shop.tar'))
      await file.write(inChunks(content), () => {
        throw new Error('stopped')
      })
    }
    expect((await thrown(failing())).message).to.equal('stopped')
    expect(readdirSync(folder.path)).to.deep.equal([])
  })

  it('replaces another file only if that was agreed', async () => {
    const place = join(folder.path, 'shop.tar')
    for (const replaces of [false, true]) {
      await using file = await OutputFile.create(at('shop.tar', replaces))
      await file.write(inChunks(content), () => undefined)
      writeFileSync(place, 'meanwhile')
      if (replaces) await file.publish(signal)
      else expect(await thrown(file.publish(signal))).to.have.property('code', 'output-exists')
      expect(readFileSync(place).length).to.equal(replaces ? content.length : 9)
    }
    expect(readdirSync(folder.path)).to.deep.equal(['shop.tar'])
  })

  it('is reported if it cannot be created or named', async () => {
    const missing = await thrown(OutputFile.create({...at('x'), place: join(folder.path, 'none', 'x')} as OutputTarget))
    expect(missing).to.have.property('code', 'output-failed')
    expect(missing.message).to.equal('./x cannot be written (ENOENT). Nothing of it is left.')
    {
      await using file = await OutputFile.create(at('folder', true))
      mkdirSync(join(folder.path, 'folder'))
      expect(await thrown(file.publish(signal))).to.have.property('code', 'output-failed')
    }
    expect(readdirSync(folder.path)).to.deep.equal(['folder'])
  })

  it('is not named after a signal', async () => {
    {
      await using file = await OutputFile.create(at('shop.tar'))
      await file.write(inChunks(content), () => undefined)
      expect(await thrown(file.publish(AbortSignal.abort(new Error('Ctrl-C'))))).to.have.property('message', 'Ctrl-C')
    }
    expect(readdirSync(folder.path)).to.deep.equal([])
  })

  it('has a name that no file system refuses, however long its own is', async () => {
    await using file = await OutputFile.create(at('x'.repeat(250)))
    await file.publish(signal)
    expect(readdirSync(folder.path)).to.include('x'.repeat(250))
  })

  it('goes to a stream as a whole, which stays open, and leaves no file', async () => {
    const stream = new PassThrough()
    const reading = buffer(stream)
    await using file = await OutputFile.create({kind: 'stream', stream})
    expect(readdirSync(folder.path)).to.deep.equal([])
    await file.write(inChunks(content), () => undefined)
    await file.publish(signal)
    stream.end(' and more')
    expect((await reading).equals(Buffer.concat([content, Buffer.from(' and more')]))).to.equal(true)
  })

  it('is reported if nobody reads the stream any more', async () => {
    const stream = new PassThrough()
    await using file = await OutputFile.create({kind: 'stream', stream})
    await file.write(inChunks(content), () => undefined)
    stream.destroy()
    const error = await thrown(file.publish(signal))
    expect(error).to.have.property('code', 'output-failed')
    expect(error.message).to.match(/^standard output cannot be written/)
  })
})
