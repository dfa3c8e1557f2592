import {expect} from 'chai'
import {
  FailedError,
  InterruptedError,
  KegError,
  MissingError,
  RefusedError,
  UsageError,
} from '../../../src/lib/error/keg-error.js'

describe('errors of keg', () => {
  const details = {code: 'some-code', hint: 'Do this.', cause: new Error('underneath'), data: {position: 3}}
  const classes = {FailedError, MissingError, RefusedError, UsageError}
  const exitCodes = {FailedError: 1, MissingError: 4, RefusedError: 3, UsageError: 2}

  for (const name of ['FailedError', 'MissingError', 'RefusedError', 'UsageError'] as const) {
    it(`${name} has exit code ${exitCodes[name]} and keeps its details`, () => {
      const error = new classes[name]('It happened.', details)
      expect(error).to.be.instanceOf(KegError).and.instanceOf(Error)
      expect(error).to.include({...details, name, message: 'It happened.', exitCode: exitCodes[name]})
      expect(error.stack).to.include('It happened.')
    })
  }

  it('need no hint and no data', () => {
    expect(new FailedError('It happened.', {code: 'some-code'})).to.include({hint: undefined, data: undefined})
  })

  it('InterruptedError has the exit codes of shells for signals: 130 and 143', () => {
    const [interrupted, terminated] = [new InterruptedError('SIGINT'), new InterruptedError('SIGTERM')]
    expect(interrupted).to.include({exitCode: 130, signal: 'SIGINT', code: 'interrupted', name: 'InterruptedError'})
    expect(terminated).to.include({exitCode: 143, signal: 'SIGTERM', code: 'interrupted'})
    expect(interrupted).to.be.instanceOf(KegError)
  })

  it('InterruptedError says what kept keg from cleaning up', () => {
    expect(new InterruptedError('SIGINT').hint).to.equal('Everything temporary has been removed.')
    const problem = new MissingError('The engine went away.', {code: 'engine-lost'})
    const told = {hint: 'Something may be left.', cause: problem}
    expect(new InterruptedError('SIGINT', told)).to.include({exitCode: 130, ...told})
  })
})
