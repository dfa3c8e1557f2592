import {expect} from 'chai'
import {withCleanupError} from '../../../src/lib/command/keg-command.js'
import {InterruptedError, MissingError} from '../../../src/lib/error/keg-error.js'

describe('a command ended by a signal', () => {
  const reason = new InterruptedError('SIGINT')
  const problem = new MissingError('The engine went away.', {code: 'engine-lost'})

  it('says what kept it from cleaning up, and how to remove the rest', () => {
    for (const error of [
      problem,
      Object.assign(new Error('both'), {name: 'SuppressedError', error: problem, suppressed: reason}),
    ])
      expect(withCleanupError(reason, error)).to.include({
        exitCode: 130,
        hint: 'Something temporary may be left (The engine went away.). Remove it with: keg doctor --fix',
        cause: problem,
      })
  })

  it('reports only the signal if nothing else happened', () => {
    for (const error of [reason, new Error('of Node')]) expect(withCleanupError(reason, error)).to.equal(reason)
  })
})
