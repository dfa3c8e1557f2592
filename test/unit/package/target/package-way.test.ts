import {expect} from 'chai'
import {parseAddress} from '../../../../src/lib/engine/engine-address.js'
import type {PackageWay} from '../../../../src/lib/package/target/model.js'
import {decidedWay, findWay, type PackageAims, type WayOptions} from '../../../../src/lib/package/target/package-way.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import {MemoryRegistry} from '../../registry/client/memory-registry.js'

const usual: WayOptions = {via: undefined, load: false, pause: 'short', compression: 'gzip', level: undefined}
const remote = {remote: true, reference: parseReference('r.example/a:x')}
const local = {remote: false, reference: parseReference('a:x')}
const pushing: PackageAims = {destinations: [remote], writesFile: false, push: true}
const straight = {via: 'registry', isLoaded: false} as const
const throughEngine = (reason: PackageWay['reason']): unknown => ({via: 'engine', isLoaded: true, reason})

describe('the way of a package', () => {
  const decided = (options: Partial<WayOptions>, aims: Partial<PackageAims> = {}, host = 'unix:///d'): unknown =>
    decidedWay({...usual, ...options}, parseAddress(host, 'test'), {...pushing, ...aims})

  it('is into the engine or a file if nothing is pushed, whatever else is said', () => {
    const push = false
    for (const via of ['registry', 'engine', undefined] as const) {
      expect(decided({via}, {push})).to.deep.equal({via: undefined, isLoaded: true})
      expect(decided({via}, {push, writesFile: true})).to.deep.equal({via: undefined, isLoaded: false})
      expect(decided({via, load: true}, {push, writesFile: true})).to.deep.equal({via: undefined, isLoaded: true})
    }
  })

  it('is as --via says, wherever the engine is', () => {
    for (const host of ['unix:///d', 'ssh://far', 'tcp://10.0.0.1']) {
      expect(decided({via: 'engine'}, {}, host)).to.deep.equal(throughEngine({kind: 'given'}))
      expect(decided({via: 'registry'}, {}, host)).to.deep.equal(straight)
    }
  })

  it('is straight into the registry for what makes sense only there, and the engine gets it only if it is to', () => {
    for (const only of [{pause: 'stream'}, {compression: 'zstd'}, {level: 4}] as const) {
      expect(decided(only, {}, 'ssh://far')).to.deep.equal(straight)
      expect(decided({...only, via: 'engine'})).to.deep.include({via: 'engine'})
    }
    const loaded = {via: 'registry', isLoaded: true}
    expect(decided({via: 'registry', load: true})).to.deep.equal(loaded)
    expect(decided({via: 'registry'}, {destinations: [local, remote]})).to.deep.equal(loaded)
    expect(decided({via: 'registry'}, {writesFile: true})).to.deep.equal(straight)
  })

  it('is through an engine on another machine', () => {
    const far = throughEngine({kind: 'engine-elsewhere'})
    for (const host of [
      'ssh://far',
      'ssh://localhost:2222',
      'tcp://build.example:2376',
      'tcp://10.0.0.1',
      'tcp://[fd00::1]',
    ])
      expect(decided({load: true}, {}, host), host).to.deep.equal(far)
  })

  it('depends on the registry if the engine is on this machine', () => {
    for (const host of [
      'unix:///d',
      'npipe:////./pipe/docker_engine',
      'tcp://127.0.0.1:2375',
      'tcp://localhost',
      'tcp://[::1]',
    ])
      expect(decided({load: true}, {}, host), host).to.equal(undefined)
  })

  describe('that depends on the registry', () => {
    let registry: MemoryRegistry
    let other: MemoryRegistry
    beforeEach(async () => {
      registry = await MemoryRegistry.start()
      other = await MemoryRegistry.start()
    })
    afterEach(() => Promise.all([registry.stop(), other.stop()]))

    const to = (...names: readonly string[]): PackageAims['destinations'] =>
      names.map((name) => ({remote: true, reference: parseReference(name)}))
    const found = (destinations: PackageAims['destinations'], load = false): Promise<PackageWay> => {
      const engine = {facts: {info: {}}} as Parameters<typeof findWay>[0]['engine']
      const {signal} = new AbortController()
      return findWay({engine, environment: {}, signal}, {load}, {...pushing, destinations})
    }

    it('is straight into it if it answers, and is asked once', async () => {
      const name = `${registry.registry}/a`
      expect(await found(to(`${name}:x`, `${name}:y`, `${name}/b:x`))).to.deep.equal(straight)
      expect(registry.count(/^GET \/v2\/$/)).to.equal(1)
      expect(await found(to(`${name}:x`), true)).to.deep.equal({via: 'registry', isLoaded: true})
      expect(await found([...to(`${name}:x`), local])).to.deep.equal({via: 'registry', isLoaded: true})
    })

    it('is through the engine if one of several does not', async () => {
      await other.stop()
      const way = await found(to(`${registry.registry}/a:x`, `${other.registry}/a:x`))
      expect(way).to.deep.include({via: 'engine', isLoaded: true})
      expect(way.reason).to.include({kind: 'registry-unreachable', registry: other.registry})
      expect(way.reason)
        .to.have.property('problem')
        .that.matches(/connection refused$/)
    })
  })
})
