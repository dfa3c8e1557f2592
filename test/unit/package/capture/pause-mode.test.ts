import {expect} from 'chai'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {checkPauseMode} from '../../../../src/lib/package/capture/pause-mode.js'

describe('how long a container is paused', () => {
  const ways = [
    {way: {via: 'registry', isLoaded: false}, writesFile: false, canStream: true},
    {way: {via: 'registry', isLoaded: true}, writesFile: false, canStream: false},
    {way: {via: 'registry', isLoaded: false}, writesFile: true, canStream: false},
    {way: {via: 'engine', isLoaded: true}, writesFile: false, canStream: false},
    {way: {via: undefined, isLoaded: true}, writesFile: false, canStream: false},
  ] as const

  it('is short for every package, and until all is sent only if nobody else gets it', () => {
    for (const {canStream, ...to} of ways) {
      expect(() => checkPauseMode('short', to)).to.not.throw()
      const stream = (): void => checkPauseMode('stream', to)
      if (canStream) expect(stream).to.not.throw()
      else expect(stream, JSON.stringify(to)).to.throw(UsageError).with.property('code', 'pause-unusable')
    }
    expect(() => checkPauseMode('short', {way: undefined, writesFile: false})).to.not.throw()
  })
})
