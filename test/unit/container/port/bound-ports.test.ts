import {expect} from 'chai'
import {boundPorts} from '../../../../src/lib/container/port/bound-ports.js'
import {exampleContainer} from '../../tap/example-container.js'

describe('the ports of a container', () => {
  it('are sorted by port, IPv4 before IPv6, whatever the engine’s order', () => {
    const bound = (...addresses: readonly string[]) => addresses.map((HostIp) => ({HostIp, HostPort: '18080'}))
    const container = exampleContainer('shop-main', {})
    const Ports = {'9000/tcp': bound('127.0.0.1'), '8080/tcp': bound('::1', '127.0.0.2', '127.0.0.1')}
    const ports = boundPorts({...container, NetworkSettings: {...container.NetworkSettings, Ports}}, [])
    expect(ports.map(({address, port}) => `${address} ${port}`)).to.deep.equal([
      '127.0.0.1 8080',
      '127.0.0.2 8080',
      '::1 8080',
      '127.0.0.1 9000',
    ])
  })
})
