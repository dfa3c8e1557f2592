import {expect} from 'chai'
import {proxied} from '../../../../src/lib/package/run/proxied.js'
import {parsePublishedPorts} from '../../../../src/lib/container/port/published-ports.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'

interface Wanted {
  reference?: string
  branch?: string
  env?: readonly string[]
  exposed?: readonly string[]
  publish?: readonly string[]
  entry?: string
}

function served({branch, entry, env = [], exposed = ['8080/tcp'], publish = [], ...wanted}: Wanted = {}) {
  const labels: Record<string, string> = branch === undefined ? {} : {'com.keg.package.branch': branch}
  return proxied({
    proxy: {host: 'local.example.com', network: 'hub', entry},
    image: {Config: {Env: env, ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])), Labels: labels}},
    reference: parseReference(wanted.reference ?? 'ghcr.io/acme/shop:feature-x'),
    name: 'keg-shop-feature-x',
    network: 'hub',
    requests: parsePublishedPorts(publish),
  })
}

const portOf = (wanted: Wanted): string | undefined =>
  served(wanted)?.labels['traefik.http.services.keg-shop-feature-x.loadbalancer.server.port']

describe('a package behind a proxy', () => {
  it('has a host name with its name and branch', () => {
    expect(served({branch: 'feature/x'})?.url).to.match(/^http:\/\/shop-feature-x\.local\.example\.com$/)
    expect(served({branch: 'main'})).to.deep.equal({
      url: 'http://shop-main.local.example.com',
      labels: {
        'traefik.enable': 'true',
        'traefik.http.routers.keg-shop-feature-x.rule': 'Host(`shop-main.local.example.com`)',
        'traefik.http.services.keg-shop-feature-x.loadbalancer.server.port': '8080',
        'traefik.docker.network': 'hub',
      },
    })
  })

  it('has its tag or digest in the host name if no label names a branch', () => {
    expect(served({reference: 'shop:search'})?.url).to.equal('http://shop-search.local.example.com')
    expect(served({reference: `shop@sha256:${'1234567890ab'.padEnd(64, '0')}`})?.url).to.equal(
      'http://shop-1234567890ab.local.example.com',
    )
  })

  it('has a valid host name for any name and label', () => {
    for (const reference of ['ghcr.io/acme/my_app.v2:x', 'shop:x'])
      for (const branch of ['`) || Host(`bank.example', 'x'.repeat(300), 'Ünïcode/😀', '...', '-'])
        expect(served({branch, reference})?.labels['traefik.http.routers.keg-shop-feature-x.rule'], branch).to.match(
          /^Host\(`[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.local\.example\.com`\)$/,
        )
  })

  it('gets the port of -p, else its own KEG_PROXY_PORT, else the first exposed port', () => {
    const env = ['KEG_PROXY_PORT=19006']
    const exposed = ['9000/tcp', '53/udp', '8080/tcp']
    expect(portOf({env, exposed, publish: ['53/udp', '3000:3001']})).to.equal('3001')
    expect(portOf({env, exposed})).to.equal('19006')
    expect(portOf({env: ['KEG_PROXY_PORT=web'], exposed})).to.equal('8080')
  })

  it('is not served without a port', () => {
    expect(served({exposed: ['53/udp']})).to.equal(undefined)
  })

  it("uses the proxy's entrypoint", () => {
    expect(served({entry: 'keg'})?.labels).to.include({'traefik.http.routers.keg-shop-feature-x.entrypoints': 'keg'})
  })
})
