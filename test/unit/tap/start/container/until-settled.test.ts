import {expect} from 'chai'
import {howItEnded} from '../../../../../src/lib/tap/start/container/container-ended.js'
import {ObservedRuns} from '../../../../../src/lib/tap/start/container/until-settled.js'
import {containerWith} from '../../../package/details.js'

const BEGIN = Date.parse('2026-01-01T00:00:00Z')
const {State} = containerWith({})

/** A container that started, and ended before that, at these seconds after the beginning. */
function seen(startedAt: number, restarts = 0, finishedAt?: number) {
  const at = (seconds: number): string => new Date(BEGIN + seconds * 1000).toISOString()
  return {
    RestartCount: restarts,
    State: {...State, StartedAt: at(startedAt), ...(finishedAt !== undefined && {FinishedAt: at(finishedAt)})},
  }
}

/** Whether a container is settled after each observation, with its second. */
function settled(...looks: readonly [second: number, container: ReturnType<typeof seen>][]): boolean[] {
  const runs = new ObservedRuns()
  return looks.map(([second, container]) => {
    runs.observe(container, BEGIN + second * 1000)
    return runs.isSettled
  })
}

describe('settled container', () => {
  it('is one that ran for a second and never ended', () => {
    expect(settled([0, seen(0)], [0.5, seen(0)], [1, seen(0)])).to.deep.equal([false, false, true])
    expect(settled([100, seen(0)])).to.deep.equal([true])
  })

  it('takes longer after a restart, and even longer if it ran for long before', () => {
    expect(settled([1, seen(0.5, 2)], [3.4, seen(0.5, 2)], [3.5, seen(0.5, 2)])).to.deep.equal([false, false, true])
    const again = seen(5, 1, 4.9)
    expect(settled([0.5, seen(0)], [6, again], [14, again], [15, again])).to.deep.equal([false, false, false, true])
  })

  it('is one that restarted long ago', () => {
    expect(settled([100, seen(0, 7)])).to.deep.equal([true])
  })

  it("does not depend on the engine's clock", () => {
    expect(settled([0, seen(60)], [0.9, seen(60)], [1, seen(60)])).to.deep.equal([false, false, true])
  })
})

describe('end of a container', () => {
  const how = (changes: Partial<typeof State>, restarts = 0): string =>
    howItEnded({State: {...State, Running: false, Status: 'exited', ...changes}}, restarts)

  it('is printed with its exit code, whether it was out of memory, and whether it keeps restarting', () => {
    expect(how({ExitCode: 3})).to.equal('has ended with exit code 3')
    expect(how({ExitCode: 0})).to.equal('has ended with exit code 0')
    expect(how({ExitCode: 137, OOMKilled: true})).to.include('exit code 137, killed because it was out of memory')
    expect(how({ExitCode: 3, Restarting: true, Running: true}, 4)).to.equal('keeps restarting, with exit code 3')
    expect(how({Running: true}, 4)).to.include('4 restarts')
    expect(how({Status: 'created'})).to.equal('was not started')
    expect(howItEnded(undefined, 0)).to.equal('is gone')
  })
})
