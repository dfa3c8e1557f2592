import {expect} from 'chai'
import {wayOf} from '../../../../src/lib/package/target/package-way.js'

const remote = [{remote: true}]
const engine = {via: 'engine', load: false} as const
const registry = {via: 'registry', load: false} as const

describe('the way of a package', () => {
  it('is through the engine, which keeps it', () => {
    const aims = {destinations: remote, writesFile: false}
    expect(wayOf(engine, {...aims, push: true})).to.deep.equal({via: 'engine', isLoaded: true})
    expect(wayOf(engine, {...aims, push: false})).to.deep.equal({via: undefined, isLoaded: true})
  })

  it('is straight into the registry, and into the engine only if it is wanted there', () => {
    const aims = {destinations: remote, writesFile: false, push: true}
    expect(wayOf(registry, aims)).to.deep.equal({via: 'registry', isLoaded: false})
    expect(wayOf({...registry, load: true}, aims)).to.deep.equal({via: 'registry', isLoaded: true})
    const mixed = {...aims, destinations: [{remote: false}, {remote: true}]}
    expect(wayOf(registry, mixed), 'a name without a registry').to.deep.equal({via: 'registry', isLoaded: true})
  })

  it('is only into the engine if nothing is pushed', () => {
    const aims = {destinations: remote, writesFile: false, push: false}
    expect(wayOf(registry, aims)).to.deep.equal({via: undefined, isLoaded: true})
  })

  it('is only into a file if nothing else is wanted', () => {
    const aims = {destinations: remote, writesFile: true, push: false}
    expect(wayOf(engine, aims)).to.deep.equal({via: undefined, isLoaded: false})
    expect(wayOf({...engine, load: true}, aims)).to.deep.equal({via: undefined, isLoaded: true})
    expect(wayOf(engine, {...aims, push: true})).to.deep.equal({via: 'engine', isLoaded: true})
    expect(wayOf(registry, {...aims, push: true})).to.deep.equal({via: 'registry', isLoaded: false})
  })
})
