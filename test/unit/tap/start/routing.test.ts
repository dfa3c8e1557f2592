import {expect} from 'chai'
import type {Origin} from '../../../../src/lib/values/values.js'
import {routingOf} from '../../../../src/lib/tap/start/routing.js'
import {tapProject} from '../../../../src/lib/tap-folder/tap-project.js'
import {exampleTap} from '../example-tap.js'

const project = tapProject({name: 'shop', branch: 'main'})

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
  return routingOf({values: {...opened.values, origin}}, project, {
    image: {Config: {ExposedPorts: exposed, Labels: labels}},
    service: {ports: ports.map((target) => ({target, protocol: 'tcp'}))},
  })
}

describe('routing of a tap', () => {
  it('uses published ports without the proxy', () => {
    expect(reach({KEG_PROXY_PORT: '8080'})).to.deep.equal({
      networks: [],
      labels: {},
      url: undefined,
      port: 8080,
      warning: undefined,
    })
  })

  it('joins the network without the proxy only if one is given', () => {
    expect(reach({KEG_DOCKER_NETWORK: 'team'}).networks).to.deep.equal(['team'])
  })

  it('uses the proxy if it is on, with a host name of tap and branch', () => {
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

  it('uses KEG_PROXY_DOMAIN in place of both', () => {
    expect(reach({KEG_USE_PROXY: 'true', KEG_PROXY_PORT: '80', KEG_PROXY_DOMAIN: 'shop'}).url).to.equal(
      'http://shop.localhost',
    )
  })

  it('uses the port of the compose file or of the image by default, and warns without any', () => {
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

  it('disables the proxy labels of an image without the proxy', () => {
    expect(reach({}, {labels: {'traefik.enable': 'true'}}).labels).to.deep.equal({'traefik.enable': 'false'})
  })
})
