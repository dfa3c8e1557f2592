import {expect} from 'chai'

import {UsageError} from '../../../src/lib/error/keg-error.js'

/** Runs a function that must refuse its input, and returns the UsageError and the position in it. */
export function refused(action: () => unknown): {error: UsageError; position: number | undefined} {
  try {
    action()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    expect(error.message).to.match(/^[^\p{C}\p{Zl}\p{Zp}]+$/u)
    expect(error.hint, 'a usage error says what to do').to.be.a('string').and.not.be.empty
    const position = error.data?.position
    return {error, position: typeof position === 'number' ? position : undefined}
  }
  return expect.fail('nothing was refused')
}
