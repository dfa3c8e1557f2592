import {expect} from 'chai'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {confirmPlan} from '../../../../src/lib/package/plan/confirm-plan.js'
import {thrown} from '../../../support/thrown.js'
import {planWith, volume} from '../plan.js'

describe('confirmPlan', () => {
  /** The questions, with the same answer to all. */
  async function askedOf(bytes: number, {answer = true, measured = true} = {}): Promise<string[]> {
    const asked: string[] = []
    const confirm = (question: string): Promise<boolean> => {
      asked.push(question)
      return Promise.resolve(answer)
    }
    const never = (): Promise<never> => Promise.reject(new Error('nothing else is asked'))
    const prompt = {isInteractive: true, confirm, choose: never, text: never}
    const secrets = {ask: () => Promise.resolve(void asked.push('secrets'))}
    const context = {secrets, work: {prompt, signal: new AbortController().signal}}
    await confirmPlan(planWith({}, {mounts: [{...volume, bytes}], measured}), context)
    return asked
  }

  it('asks above 1 GB, after the secrets', async () => {
    expect(await askedOf(1_000_000_000)).to.deep.equal(['secrets'])
    expect(await askedOf(1_100_000_000)).to.deep.equal(['secrets', 'The mounts hold 1.1 GB. Package them?'])
    expect(await askedOf(1_100_000_000, {measured: false})).to.include(
      'The mounts hold more than 1.1 GB. Package them?',
    )
  })

  it('cancels if the answer is no', async () => {
    const error = await thrown(askedOf(2_000_000_000, {answer: false}))
    expect(error).to.be.instanceOf(FailedError).with.property('code', 'cancelled')
  })
})
