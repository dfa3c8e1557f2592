import {expect} from 'chai'
import {parsePublishedPorts} from '../../../../src/lib/container/port/published-ports.js'
import {portsOf} from '../../../../src/lib/compose/compose-model.js'
import {askedPorts, placePorts} from '../../../../src/lib/tap/compose/service-ports.js'
import {settingsDigest} from '../../../../src/lib/tap/compose/settings-digest.js'
import {exampleModel} from './models.js'

const tcp = (port: number) => ({port, protocol: 'tcp' as const})

interface Case {
  readonly publish?: readonly string[]
  readonly wanted?: readonly number[]
  readonly taken?: readonly number[]
}

async function place({publish = [], taken = [], wanted = []}: Case) {
  const {model, moved} = await placePorts({
    model: exampleModel(),
    service: 'shop',
    requests: parsePublishedPorts(publish),
    wanted: wanted.map(tcp),
    isTaken: (port) => Promise.resolve(taken.includes(port)),
  })
  const shown = (name: string): string[] =>
    portsOf(model.services[name] ?? {}).map(
      ({address = '*', protocol, published = '?', target}) => `${address}:${published}:${target}/${protocol}`,
    )
  return {shop: shown('shop'), db: shown('db'), moved: moved.map(({from, service, to}) => `${service} ${from} ${to}`)}
}

describe('placePorts', () => {
  it('keeps the ports of the compose file if they are free, and publishes the others on 127.0.0.1', async () => {
    expect(await place({wanted: [8080, 9229]})).to.deep.equal({
      shop: ['127.0.0.1:9229:9229/tcp', '*:5353:53/udp', '127.0.0.1:8080:8080/tcp'],
      db: ['*:5432:5432/tcp'],
      moved: [],
    })
  })

  it('moves a taken port to a free one on the same address, and says so', async () => {
    expect(await place({wanted: [8080], taken: [8080, 8081, 5353, 5432]})).to.deep.equal({
      shop: ['127.0.0.1:9229:9229/tcp', '*:5354:53/udp', '127.0.0.1:8082:8080/tcp'],
      db: ['*:5433:5432/tcp'],
      moved: ['shop 0.0.0.0:5353 0.0.0.0:5354', 'shop 127.0.0.1:8080 127.0.0.1:8082', 'db 0.0.0.0:5432 0.0.0.0:5433'],
    })
  })

  it('keeps the ports of -p, and uses no number twice', async () => {
    expect(await place({publish: ['9229:80', '7000'], wanted: [80, 5432], taken: [9229]})).to.deep.equal({
      shop: [
        '*:9229:80/tcp',
        '127.0.0.1:7000:7000/tcp',
        '127.0.0.1:9230:9229/tcp',
        '*:5353:53/udp',
        '127.0.0.1:5432:5432/tcp',
      ],
      db: ['*:5433:5432/tcp'],
      moved: ['shop 127.0.0.1:9229 127.0.0.1:9230', 'db 0.0.0.0:5432 0.0.0.0:5433'],
    })
  })

  it('gives a port the same number on all its addresses, and shares a number between ports on different addresses', async () => {
    const at = (host_ip: string, target = 80) => ({target, published: '8080', host_ip, protocol: 'tcp'})
    const services = {
      web: {ports: [at('127.0.0.1'), at('127.0.0.2'), at('::1'), at('127.0.0.3', 81)]},
      api: {ports: [at('127.0.0.4'), at('127.0.0.1')]},
      all: {ports: [at('0.0.0.0')]},
    }
    const placed = async (taken: readonly number[]) => {
      const {model} = await placePorts({
        model: {services},
        service: 'web',
        requests: [],
        wanted: [],
        isTaken: (port) => Promise.resolve(taken.includes(port)),
      })
      return Object.values(model.services).map((service) => portsOf(service).map(({published}) => published))
    }
    expect(await placed([])).to.deep.equal([['8080', '8080', '8080', '8080'], ['8081', '8081'], ['8082']])
    expect(await placed([8080])).to.deep.equal([['8081', '8081', '8081', '8081'], ['8082', '8082'], ['8083']])
  })

  it('publishes nothing of a service without its own network', async () => {
    const model = exampleModel()
    const {shop = {}} = model.services
    const hosted = {...model, services: {shop: {...shop, ports: undefined, network_mode: 'host'}}}
    const options = {model: hosted, service: 'shop', requests: [], wanted: [tcp(8080)]}
    const placed = await placePorts({...options, isTaken: () => Promise.resolve(false)})
    expect(placed.model.services.shop).to.deep.equal(hosted.services.shop)
    expect(askedPorts(options)).to.deep.equal([])
  })
})

describe('settingsDigest', () => {
  const model = exampleModel()
  const {shop = {}} = model.services
  const asked = (publish: readonly string[] = [], wanted: readonly number[] = [8080]) =>
    askedPorts({model, service: 'shop', requests: parsePublishedPorts(publish), wanted: wanted.map(tcp)})
  const digest = settingsDigest(shop, asked())

  it('is the same for any order of keys, and any build', () => {
    const reversed = Object.fromEntries(Object.entries(shop).reverse())
    expect(settingsDigest({...reversed, build: {context: '/elsewhere'}}, asked())).to.equal(digest)
  })

  it('is the same for another KEG_EXEC_CMD, which an exec sets as well', () => {
    const environment = {...(shop.environment as object), KEG_EXEC_CMD: 'test'}
    expect(settingsDigest({...shop, environment}, asked())).to.equal(digest)
  })

  it('differs for another value, label, port or mount', () => {
    const others = [
      settingsDigest({...shop, environment: {A: '1'}}, asked()),
      settingsDigest({...shop, labels: {}}, asked()),
      settingsDigest(shop, asked(['9000:9000'])),
      settingsDigest(shop, asked([], [8081])),
      settingsDigest({...shop, volumes: [{type: 'bind'}]}, asked()),
    ]
    expect(new Set([digest, ...others])).to.have.property('size', others.length + 1)
  })
})
