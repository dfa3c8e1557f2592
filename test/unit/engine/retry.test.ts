import {expect} from 'chai'
import {retryRace, retrySend} from '../../../src/lib/engine/retry.js'
import {engineBrokeOff, EngineError} from '../../../src/lib/engine/engine-error.js'

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

  it('is not done a third time', async () => {
    const step = failing(race, race, race)
    expect(await retryRace(step.run).catch((error: unknown) => error)).to.equal(race)
    expect(step.begun).to.equal(3)
  })

  it('is not done for other errors, nor after an abort', async () => {
    const other = new EngineError(500, 'no space left on device')
    const step = failing(other)
    expect(await retryRace(step.run).catch((error: unknown) => error)).to.equal(other)
    expect(step.begun).to.equal(1)
    const stopped = failing(race)
    expect(await retryRace(stopped.run, AbortSignal.abort()).catch((error: unknown) => error)).to.equal(race)
    expect(stopped.begun).to.equal(1)
  })
})
