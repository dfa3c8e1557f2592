import {expect} from 'chai'
import {FailedError} from '../../../../../src/lib/error/keg-error.js'
import {refusedPorts} from '../../../../../src/lib/tap/start/container/bring-up.js'

const failed = (message: string, code = 'compose-failed'): FailedError => new FailedError(message, {code})

describe('the ports that an engine refused to compose', () => {
  const table: readonly [string, readonly string[]][] = [
    ['Bind for 0.0.0.0:8080 failed: port is already allocated', ['8080/tcp']],
    ['listen tcp4 127.0.0.1:8081: bind: address already in use', ['8081/tcp']],
    ['failed to bind host port 127.0.0.1:53/udp: address already in use', ['53/udp']],
    ['Bind for :::8080 failed: port is already allocated', ['8080/tcp']],
    ['dependency failed to start: container shop-db-1 is unhealthy', []],
  ]
  for (const [said, ports] of table)
    it(`are ${ports.join(', ') || 'none'} in: ${said}`, () => {
      expect(refusedPorts(failed(said))).to.deep.equal(ports)
    })

  it('are none in another error', () => {
    expect(refusedPorts(failed('Bind for 0.0.0.0:8080 failed: port is already allocated', 'other'))).to.deep.equal([])
    expect(refusedPorts(new Error('port is already allocated'))).to.deep.equal([])
  })
})
