import {expect} from 'chai'
import {proxyOf} from '../../../../src/lib/registry/client/proxy-of.js'
import {RegistryFailure} from '../../../../src/lib/registry/client/registry-failure.js'

const secure = new URL('https://registry.example:5000/v2/')
const plain = new URL('http://registry.example/v2/')

describe('proxyOf', () => {
  it('takes the variable of the scheme, in capitals or not', () => {
    const environment = {HTTP_PROXY: 'http://plain:1', https_proxy: 'ann:secret@secure:2'}
    expect(proxyOf(plain, environment)?.href).to.equal('http://plain:1/')
    expect(proxyOf(secure, environment)?.href).to.equal('http://ann:secret@secure:2/')
    expect(proxyOf(secure, {HTTP_PROXY: 'http://plain:1'})).to.equal(undefined)
    expect(proxyOf(secure, {HTTPS_PROXY: ' ', NO_PROXY: 'x'})).to.equal(undefined)
  })

  it('has none for loopback addresses and what NO_PROXY lists', () => {
    const to = (address: string, list = ''): URL | undefined =>
      proxyOf(new URL(address), {HTTPS_PROXY: 'http://p:1', NO_PROXY: list})
    for (const address of ['https://localhost:5000/', 'https://127.0.0.1/', 'https://127.8.8.8/', 'https://[::1]:9/'])
      expect(to(address), address).to.equal(undefined)
    for (const [address, list] of [
      ['https://a.example/', '*'],
      ['https://a.example/', 'other, a.example'],
      ['https://a.example/', 'EXAMPLE'],
      ['https://b.a.example/', 'a.example'],
      ['https://b.a.example/', '.a.example'],
      ['https://b.a.example/', '*.a.example'],
      ['https://a.example/', 'a.example:443'],
      ['https://10.1.2.3:5000/', '10.1.0.0/16'],
      ['https://10.1.2.3:5000/', '10.1.2.3'],
      ['https://10.1.2.3:5000/', '10.1.2.3:5000'],
      ['https://[fd00::1]:5000/', 'fd00::/8'],
      ['https://[fd00::1]:5000/', 'fd00::1'],
    ] as const)
      expect(to(address, list), `${address} ${list}`).to.equal(undefined)
    for (const [address, list] of [
      ['https://a.example/', 'b.example,'],
      ['https://a.example/', '.a.example'],
      ['https://xa.example/', 'a.example'],
      ['https://a.example:5000/', 'a.example:443'],
      ['https://10.2.2.3/', '10.1.0.0/16'],
      ['https://10.1.2.3/', '10.1.0.0/99'],
      ['https://a.example/', '10.0.0.0/8'],
    ] as const)
      expect(to(address, list), `${address} ${list}`).not.to.equal(undefined)
  })

  it('refuses other kinds of proxies, without quoting a password', () => {
    for (const HTTPS_PROXY of ['socks5://ann:secret@p:1', 'http://ann:secret@:x'])
      expect(() => proxyOf(secure, {HTTPS_PROXY}))
        .to.throw(RegistryFailure)
        .that.satisfies((error: RegistryFailure) => error.kind === 'registry-proxy' && !/secret/.test(error.message))
  })
})
