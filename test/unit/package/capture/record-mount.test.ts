import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {EngineError, engineBrokeOff} from '../../../../src/lib/engine/engine-error.js'
import {streamedMount} from '../../../../src/lib/package/capture/mount-stream.js'
import {recordMount} from '../../../../src/lib/package/capture/record-mount.js'
import {Spool} from '../../../../src/lib/image/spool.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'
import {archiveOf, fileWith, without} from '../../tar/archive.js'

const whole = archiveOf([without('m', {type: 'directory'}), fileWith('m/a', 'x'.repeat(3000)), fileWith('m/b', 'y')])
/** In the middle of the first file. */
const short = whole.subarray(0, 2048)

type Reading = Buffer | Error

/** Returns one reading after the other; a reading that is an error ends after the truncated archive. */
async function record(readings: readonly Reading[]): Promise<{bytes: Buffer; reads: number}> {
  await using spool = await Spool.create()
  let reads = 0
  const read = async function* (): AsyncGenerator<Buffer> {
    const reading = readings[reads++]
    yield* inChunks(reading instanceof Buffer ? reading : short, 700)
    if (reading instanceof Error) throw reading
  }
  await recordMount({destination: '/data', read, spool, onBytes: () => undefined})
  return {bytes: await buffer(spool.read()), reads}
}

describe('recording a mount', () => {
  it('reads it once if the archive is complete', async () => {
    const {bytes, reads} = await record([whole])
    expect(reads).to.equal(1)
    expect(bytes.equals(whole)).to.equal(true)
  })

  for (const [what, first] of Object.entries({'ends too early': short, 'is broken off': engineBrokeOff(undefined)}))
    it(`reads it again if the archive ${what}, and discards the first reading`, async () => {
      const {bytes, reads} = await record([first, whole])
      expect(reads).to.equal(2)
      expect(bytes.equals(whole)).to.equal(true)
    })

  for (const [what, reading] of Object.entries({'ends too early': short, 'is broken off': engineBrokeOff(undefined)}))
    it(`names the mount and the file if the archive ${what} again`, async () => {
      const error = await thrown(record([reading, reading]))
      expect(error).to.include({code: 'mount-changed', exitCode: 1})
      expect(error.message).to.match(/^The mount \/data .* at \/data\/a\.$/)
      expect(error).to.have.property('hint').that.includes('--exclude-mount /data')
    })

  it('does not read it again if the engine refuses', async () => {
    const error = await thrown(record([new EngineError(500, 'input/output error'), whole]))
    expect(error).to.include({code: 'mount-unreadable'})
  })
})

describe('reading a mount without recording it', () => {
  const streamed = (reading: Reading) =>
    streamedMount({
      destination: '/data',
      read: async function* () {
        yield* inChunks(reading instanceof Buffer ? reading : short, 700)
        if (reading instanceof Error) throw reading
      },
    })

  it('gives the whole archive, each time', async () => {
    const {read, size} = streamed(whole)
    for (let time = 0; time < 2; time++) expect((await buffer(read())).equals(whole)).to.equal(true)
    expect(size).to.equal(0)
  })

  it('says why it cannot be read to its end', async () => {
    for (const reading of [short, engineBrokeOff(undefined)]) {
      const error = await thrown(buffer(streamed(reading).read()))
      expect(error).to.include({code: 'mount-changed', exitCode: 1})
      expect(error.message).to.match(/^The mount \/data .* at \/data\/a\.$/)
    }
    const refused = new EngineError(500, 'input/output error')
    expect(await thrown(buffer(streamed(refused).read()))).to.include({code: 'mount-unreadable'})
  })
})
