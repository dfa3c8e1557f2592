import {expect} from 'chai'
import type {ProgressEvent} from '../../../src/lib/terminal/progress.js'
import {StageTimes} from '../../../src/lib/terminal/stage-times.js'

describe('the times of stages', () => {
  it('name the slowest that has ended, and pass every report on', () => {
    let now = 100
    const passed: ProgressEvent[] = []
    const times = new StageTimes(
      (event) => passed.push(event),
      () => now,
    )
    expect(times.slowest).to.equal(undefined)
    const report = (stage: string, state: ProgressEvent['state'], at: number): void => {
      now = at
      times.listen({stage, state})
    }
    report('Reading', 'running', 100)
    report('Reading', 'running', 150)
    report('Sending', 'running', 200)
    report('Reading', 'done', 400)
    expect(times.slowest).to.deep.equal({stage: 'Reading', milliseconds: 300})
    report('Sending', 'done', 900)
    report('Nothing', 'done', 900)
    expect(times.slowest).to.deep.equal({stage: 'Sending', milliseconds: 700})
    expect(passed).to.have.lengthOf(6)
  })
})
