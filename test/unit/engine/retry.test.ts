import {expect} from 'chai'
import {retryRace, retrySend} from '../../../src/lib/engine/retry.js'
import {engineBrokeOff, EngineError} from '../../../src/lib/engine/engine-error.js'
import {FailedError} from '../../../src/lib/error/keg-error.js'

const race = new EngineError(500, 'parent snapshot sha256:8ea3 does not exist: not found')

/** A step that fails once with each of these errors, and counts its runs. */
function failing(...errors: readonly Error[]) {
  const left = [...errors]
  const step = {
    begun: 0,
    run: async () => {
      step.begun++
      const error = await Promise.resolve(left.shift())
      if (error !== undefined) throw error
      return 'done'
    },
  }
  return step
}

describe('asking an engine again', () => {
  it('is done if it ended the connection during an upload', async () => {
    const brokeOff = engineBrokeOff(undefined)
    const step = failing(brokeOff)
    expect(await retrySend(step.run)).to.equal('done')
    expect(step.begun).to.equal(2)
    expect(await retryRace(failing(brokeOff).run).catch((error: unknown) => error)).to.equal(brokeOff)
  })

  it('is done if its image store lost a race, also twice', async () => {
    for (const races of [[race], [race, race]]) {
      const step = failing(...races)
      expect(await retryRace(step.run)).to.equal('done')
      expect(step.begun).to.equal(races.length + 1)
    }
  })

  const races = [
    'failed to prepare extraction snapshot "extract-549308819-2Mnm sha256:1b4e": parent snapshot sha256:8ea3 does not exist: not found',
    'failed to create snapshot: missing parent "default/1013/sha256:4ff7" bucket: not found',
    'failed to stat parent: stat /var/lib/containerd/snapshots/112/fs: no such file or directory',
    'lease "f79f7ca34869dc8fd1b7e6f2e56a9018547b311a0c677fc6c5c71cccb8b2d80f": not found',
    'content digest sha256:9213404d365f: not found',
    'unable to find image "sha256:34a52119fea4e58cc5512fca2cd575e2a226aec4f81ddbd287190381fd3e687a"',
  ]
  for (const said of races)
    it(`is done if it says to keg, or to docker compose: ${said}`, async () => {
      const toCompose = new FailedError(`docker compose build failed:\n  ${said}`, {
        code: 'compose-failed',
        hint: 'Fix it.',
      })
      for (const error of [new EngineError(500, said), toCompose]) {
        const step = failing(error)
        expect(await retryRace(step.run)).to.equal('done')
        expect(step.begun).to.equal(2)
      }
    })

  it('is not done a third time', async () => {
    const step = failing(race, race, race)
    expect(await retryRace(step.run).catch((error: unknown) => error)).to.equal(race)
    expect(step.begun).to.equal(3)
  })

  it('is not done for other errors, nor after an abort', async () => {
    for (const said of ['no space left on device', 'manifest unknown', "Unable to find image 'shop:develop' locally"]) {
      const other = new EngineError(500, said)
      const step = failing(other)
      expect(await retryRace(step.run).catch((error: unknown) => error)).to.equal(other)
      expect(step.begun).to.equal(1)
    }
    const stopped = failing(race)
    expect(await retryRace(stopped.run, AbortSignal.abort()).catch((error: unknown) => error)).to.equal(race)
    expect(stopped.begun).to.equal(1)
  })
})
