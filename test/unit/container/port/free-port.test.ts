import {createSocket} from 'node:dgram'
import {once} from 'node:events'
import {createServer, type AddressInfo} from 'node:net'
import {networkInterfaces} from 'node:os'
import {expect} from 'chai'
import {isPortTaken} from '../../../../src/lib/container/port/free-port.js'

describe('isPortTaken', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({address}) => address === '::1'))

  for (const host of ['127.0.0.1', '0.0.0.0', ...(hasIpv6 ? ['::1', '::'] : [])])
    it(`sees a process that listens on ${host}`, async () => {
      const server = createServer().listen({host, port: 0, ipv6Only: host === '::1'})
      await once(server, 'listening')
      const {port} = server.address() as AddressInfo
      expect(await isPortTaken(port, 'tcp')).to.equal(true)
      server.close()
      await once(server, 'close')
      expect(await isPortTaken(port, 'tcp')).to.equal(false)
    })

  it('sees a process on a UDP port, and only for UDP', async () => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const {port} = socket.address()
    expect(await isPortTaken(port, 'udp')).to.equal(true)
    expect(await isPortTaken(port, 'tcp')).to.equal(false)
    socket.close()
    await once(socket, 'close')
    expect(await isPortTaken(port, 'udp')).to.equal(false)
  })
})
