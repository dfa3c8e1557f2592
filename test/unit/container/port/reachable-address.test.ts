import {expect} from 'chai'
import type {EngineAddress} from '../../../../src/lib/engine/engine-address.js'
import {portUrl, reachableAddress, shownPort} from '../../../../src/lib/container/port/reachable-address.js'

const socket: EngineAddress = {kind: 'socket', path: '/var/run/docker.sock'}
const remote: EngineAddress = {kind: 'tcp', host: 'engine.example', port: 2376}
const forwarded: EngineAddress = {kind: 'tcp', host: '127.0.0.1', port: 2375}
const throughSsh: EngineAddress = {kind: 'ssh', host: 'engine.example', user: 'ada'}
const bound = (address: string) => ({address, hostPort: 8080, port: 80, protocol: 'tcp'}) as const

describe('reachableAddress', () => {
  const table: readonly [EngineAddress, string, string | undefined][] = [
    [socket, '127.0.0.1', '127.0.0.1'],
    [socket, '', '127.0.0.1'],
    [socket, '0.0.0.0', '127.0.0.1'],
    [socket, '::', '::1'],
    [socket, '10.0.0.5', '10.0.0.5'],
    [forwarded, '127.0.0.1', '127.0.0.1'],
    [remote, '0.0.0.0', 'engine.example'],
    [remote, '10.0.0.5', '10.0.0.5'],
    [remote, '127.0.0.1', undefined],
    [remote, '::1', undefined],
    [throughSsh, '0.0.0.0', 'engine.example'],
    [throughSsh, '127.0.0.1', undefined],
  ]
  for (const [endpoint, address, host] of table)
    it(`of ${address || 'every address'} at ${endpoint.kind === 'socket' ? 'a socket' : endpoint.host} is ${host ?? 'none'}`, () => {
      expect(reachableAddress(bound(address), endpoint)).to.deep.equal(
        host === undefined ? undefined : {host, port: 8080},
      )
    })
})

describe('portUrl', () => {
  it('is what a browser takes', () => {
    expect(portUrl({host: '127.0.0.1', port: 8080}, 'http')).to.equal('http://127.0.0.1:8080')
    expect(portUrl({host: '127.0.0.1', port: 80}, 'silent')).to.equal('http://127.0.0.1')
    expect(portUrl({host: '::1', port: 443}, 'https')).to.equal('https://[::1]')
    expect(portUrl({host: '::1', port: 8443}, 'https')).to.equal('https://[::1]:8443')
    expect(portUrl({host: '127.0.0.1', port: 5432}, 'other')).to.equal('tcp://127.0.0.1:5432')
  })
})

describe('shownPort', () => {
  it('is written like docker does', () => {
    expect(shownPort(bound('::1'))).to.deep.equal({container: '80/tcp', host: '[::1]:8080'})
    expect(shownPort(bound(''))).to.deep.equal({container: '80/tcp', host: '0.0.0.0:8080'})
  })
})
