import {expect} from 'chai'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {proxyLabels} from '../../../src/lib/proxy/proxy-labels.js'

const target = {name: 'shop-main', hostName: 'Shop-main.Localhost', port: 8080, entry: 'keg', network: 'keg-hub-net'}

describe('proxyLabels', () => {
  it('define a router and a service of their own, for the host in lower case', () => {
    expect(proxyLabels(target)).to.deep.equal({
      'traefik.enable': 'true',
      'traefik.http.routers.shop-main.rule': 'Host(`shop-main.localhost`)',
      'traefik.http.routers.shop-main.entrypoints': 'keg',
      'traefik.http.services.shop-main.loadbalancer.server.port': '8080',
      'traefik.docker.network': 'keg-hub-net',
    })
  })

  it('leave the entrypoint to the proxy by default, and keep a name in one part of the key', () => {
    const labels = proxyLabels({...target, entry: undefined, name: 'shop-1.0'})
    expect(Object.keys(labels)).to.deep.equal([
      'traefik.enable',
      'traefik.http.routers.shop-1-0.rule',
      'traefik.http.services.shop-1-0.loadbalancer.server.port',
      'traefik.docker.network',
    ])
  })

  for (const hostName of ['', 'a b', 'x`) || Host(`y', 'shop..localhost', '-shop.localhost', 'a'.repeat(254)])
    it(`refuses the host name ${JSON.stringify(hostName.slice(0, 20))}`, () => {
      expect(() => proxyLabels({...target, hostName}))
        .to.throw(UsageError)
        .with.property('code', 'proxy-host-invalid')
    })
})
