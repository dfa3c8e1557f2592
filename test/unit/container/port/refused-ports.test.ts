import {expect} from 'chai'
import {refusedPorts} from '../../../../src/lib/container/port/refused-ports.js'

describe('the ports of the host that a refusal names', () => {
  const table: readonly [string, readonly string[]][] = [
    ['Bind for 0.0.0.0:8080 failed: port is already allocated', ['8080/tcp']],
    ['Bind for :::8080 failed: port is already allocated', ['8080/tcp']],
    ['listen tcp4 127.0.0.1:8081: bind: address already in use', ['8081/tcp']],
    ['failed to bind host port 127.0.0.1:53/udp: address already in use', ['53/udp']],
    ['cannot expose privileged port 80, you can add', ['80/tcp']],
    ['exposing port TCP [::1]:8080 -> 0.0.0.0:0: listen tcp [::1]:8080: bind: address already in use', ['8080/tcp']],
    ['port is already allocated', []],
  ]
  for (const [refusal, ports] of table)
    it(`are ${ports.join(', ') || 'none'} in: ${refusal}`, () => {
      expect(refusedPorts(refusal)).to.deep.equal(ports)
    })

  it('are not those of the container, which only give the protocol', () => {
    const refusal = (address: string): string =>
      `failed to bind host port for 127.0.0.1:8053:${address}:53/udp: address already in use`
    for (const address of ['172.17.0.2', '[fd00::2]'])
      expect(refusedPorts(refusal(address))).to.deep.equal(['8053/udp'])
  })
})
