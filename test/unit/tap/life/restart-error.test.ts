import {expect} from 'chai'
import {EngineError} from '../../../../src/lib/engine/engine-error.js'
import {restartError} from '../../../../src/lib/tap/life/restart-error.js'

describe('container that does not start again', () => {
  const container = {Name: '/shop-main'}

  it('is an error with the engine’s message', () => {
    const said = 'driver failed: Bind for 127.0.0.1:8080 failed: port is already allocated'
    expect(restartError(new EngineError(500, said), container, 'shop')).to.include({
      code: 'port-taken',
      exitCode: 1,
      message: `shop-main cannot be started: a port that it publishes is taken. ${said}`,
    })
    expect(restartError(new EngineError(404, 'network abc not found'), container, 'shop')).to.include({
      code: 'start-failed',
      exitCode: 1,
      message: 'shop-main cannot be started: network abc not found',
    })
  })

  it('returns any other error unchanged', () => {
    const other = new Error('lost')
    expect(restartError(other, container, 'shop')).to.equal(other)
  })
})
