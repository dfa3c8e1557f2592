import {expect} from 'chai'
import type {Origin} from '../../../../src/lib/environment/values.js'
import {reachOf} from '../../../../src/lib/tap/start/reach.js'
import {tapNames} from '../../../../src/lib/tap/tap-names.js'
import {exampleTap} from '../example-tap.js'

const names = tapNames({name: 'shop', branch: 'main'})

function reach(
  values: Readonly<Record<string, string>>,
  {
    exposed = {},
    labels = {},
    ports = [],
  }: {
    exposed?: Readonly<Record<string, object>>
    labels?: Readonly<Record<string, string>>
    ports?: readonly number[]
  } = {},
) {
  const opened = exampleTap({values})
  const origin = (name: string): Origin | undefined =>
    name in values ? {kind: 'values', place: 'values.yml:3'} : undefined
  return reachOf({values: {...opened.values, origin}}, names, {
    image: {Config: {ExposedPorts: exposed, Labels: labels}},
    service: {ports: ports.map((target) => ({target, protocol: 'tcp'}))},
  })
}

describe('how a tap is reached', () => {
  it('is by ports of its own where nobody turns the proxy on', () => {
    expect(reach({KEG_PROXY_PORT: '8080'})).to.deep.equal({
      networks: [],
      labels: {},
      url: undefined,
      port: 8080,
      warning: undefined,
    })
  })

  it('joins the network without the proxy only where somebody names it', () => {
    expect(reach({KEG_DOCKER_NETWORK: 'team'}).networks).to.deep.equal(['team'])
  })

  it('is through the proxy where that is on, by a host name of tap and branch', () => {
    const {labels, networks, url} = reach({
      KEG_USE_PROXY: 'true',
      KEG_PROXY_PORT: '8080',
      KEG_PROXY_HOST: 'local.example.com',
    })
    expect(url).to.equal('http://shop-main.local.example.com')
    expect(networks).to.deep.equal(['keg-hub-net'])
    expect(labels).to.include({
      'traefik.http.routers.shop-main.rule': 'Host(`shop-main.local.example.com`)',
      'traefik.http.services.shop-main.loadbalancer.server.port': '8080',
    })
  })

  it('has KEG_PROXY_DOMAIN in place of both', () => {
    expect(reach({KEG_USE_PROXY: 'true', KEG_PROXY_PORT: '80', KEG_PROXY_DOMAIN: 'shop'}).url).to.equal(
      'http://shop.localhost',
    )
  })

  it('takes the port of the compose file, or of the image, where nobody names one, and warns without any', () => {
    const port = 'traefik.http.services.shop-main.loadbalancer.server.port'
    expect(reach({KEG_USE_PROXY: 'true'}, {ports: [3000], exposed: {'80/tcp': {}}}).labels).to.have.property(
      port,
      '3000',
    )
    expect(reach({KEG_USE_PROXY: 'true'}, {exposed: {'53/udp': {}, '80/tcp': {}}}).labels).to.have.property(port, '80')
    const without = reach({KEG_USE_PROXY: 'true'})
    expect(without.warning).to.include('KEG_PROXY_PORT')
    expect(without).to.deep.include({labels: {}, url: undefined})
  })

  it('keeps a proxy away from what an image says of another container', () => {
    expect(reach({}, {labels: {'traefik.enable': 'true'}}).labels).to.deep.equal({'traefik.enable': 'false'})
  })
})
