import {expect} from 'chai'
import {EngineError} from '../../../../src/lib/engine/engine-error.js'
import {restartError} from '../../../../src/lib/tap/life/restart-error.js'

describe('a container that does not start again', () => {
  const container = {Name: '/shop-main'}

  it('is told of with what the engine said', () => {
    const said = 'driver failed: Bind for 127.0.0.1:8080 failed: port is already allocated'
    expect(restartError(new EngineError(500, said), container)).to.include({
      code: 'port-taken',
      exitCode: 1,
      message: `shop-main cannot be started: a port that it publishes is taken. ${said}`,
    })
    expect(restartError(new EngineError(404, 'network abc not found'), container)).to.include({
      code: 'start-failed',
      exitCode: 1,
      message: 'shop-main cannot be started: network abc not found',
    })
  })

  it('keeps any other error', () => {
    const other = new Error('lost')
    expect(restartError(other, container)).to.equal(other)
  })
})
