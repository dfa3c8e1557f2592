import {expect} from 'chai'
import {EngineError} from '../../../../src/lib/engine/engine-error.js'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {
  orGone,
  pauseContainer,
  readContainerState,
  type PausingEngine,
} from '../../../../src/lib/package/capture/pause-container.js'

const frozen = new EngineError(500, 'Cannot pause container f763: OCI runtime pause failed: unable to freeze: unknown')
const container = {Id: 'f763', Name: '/app'} as ContainerDetails

/** An engine that refuses to pause its container with the errors given, one after another. */
function refusing(...errors: readonly EngineError[]) {
  const left = [...errors]
  let isPaused = false
  const asked: string[] = []
  const engine: PausingEngine = {
    container: async () =>
      Promise.resolve({...container, State: {Paused: isPaused, Running: true}} as unknown as ContainerDetails),
    pauseContainer: async (id) => {
      asked.push(id)
      const error = await Promise.resolve(left.shift())
      if (error !== undefined) throw error
      isPaused = true
    },
    unpauseContainer: async () => Promise.resolve(),
  }
  return {engine, asked}
}

describe('pauseContainer', () => {
  it('retries if the processes could not be frozen in time', async () => {
    const {asked, engine} = refusing(frozen, frozen)
    expect(await pauseContainer(engine, container)).to.equal('paused')
    expect(asked).to.have.length(3)
  })

  it('does not retry for another reason', async () => {
    const {asked, engine} = refusing(new EngineError(500, 'cgroups: cannot find cgroup mount destination'))
    const error = await pauseContainer(engine, container).catch((cause: unknown) => cause)
    expect(error).to.include({code: 'pause-failed'})
    expect(asked).to.have.length(1)
  })

  it('gives up after several tries', async () => {
    const {asked, engine} = refusing(...Array<EngineError>(9).fill(frozen))
    const error = await pauseContainer(engine, container).catch((cause: unknown) => cause)
    expect(error).to.include({code: 'pause-failed'})
    expect(asked).to.have.length(5)
  })
})

describe('a container that is removed while it is read', () => {
  const codeOf = (error: unknown): Promise<unknown> =>
    orGone(container, () => Promise.reject(error as Error)).catch((found: unknown) => (found as FailedError).code)

  it('is reported as gone, whichever request fails of it', async () => {
    for (const response of [
      'You cannot export container f763 which is being removed',
      'You cannot commit container f763 which is Dead',
      'No such container: f763',
    ]) {
      const cause = new EngineError(409, response)
      expect(await codeOf(cause), response).to.equal('container-gone')
      expect(await codeOf(new FailedError('failed', {code: 'commit-failed', cause})), response).to.equal(
        'container-gone',
      )
    }
    const engine = {container: () => Promise.resolve({...container, State: {Status: 'removing'}} as ContainerDetails)}
    const state = readContainerState({...refusing().engine, ...engine}, container)
    expect(await state.catch((error: unknown) => error)).to.include({code: 'container-gone'})
  })

  it('is not taken for one that another request failed of', async () => {
    expect(await codeOf(new EngineError(404, 'No such container: 1234'))).to.equal('engine-refused')
    expect(await codeOf(new EngineError(500, 'no space for f763'))).to.equal('engine-refused')
  })
})
