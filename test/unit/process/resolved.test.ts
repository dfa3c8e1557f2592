import {expect} from 'chai'
import {
  forgetResolved,
  isAbsent,
  isResolved,
  provideDefault,
  readResolved,
  withoutResolved,
} from '../../../src/lib/process/resolved.js'

describe('values that keg sets in the environment', () => {
  it('are set if missing, and listed with their origin', () => {
    const environment: NodeJS.ProcessEnv = {OTHER: 'x'}
    expect(provideDefault(environment, 'KEG_TAG', 'main', 'git')).to.equal(true)
    expect(provideDefault(environment, 'KEG_REGISTRY', 'localhost:5000', '/home/ada/config.yml')).to.equal(true)
    expect(environment).to.include({KEG_TAG: 'main', KEG_REGISTRY: 'localhost:5000', OTHER: 'x'})
    expect(Object.fromEntries(readResolved(environment))).to.deep.equal({
      KEG_TAG: {value: 'main', origin: 'git'},
      KEG_REGISTRY: {value: 'localhost:5000', origin: '/home/ada/config.yml'},
    })
  })

  it('never replace what the user set; an empty variable is not set, as for oclif', () => {
    const environment: NodeJS.ProcessEnv = {KEG_TAG: 'mine', KEG_REGISTRY: ''}
    expect(provideDefault(environment, 'KEG_TAG', 'main', 'git')).to.equal(false)
    expect(provideDefault(environment, 'KEG_REGISTRY', 'localhost:5000', 'file')).to.equal(true)
    expect(environment).to.include({KEG_TAG: 'mine', KEG_REGISTRY: 'localhost:5000'})
    expect(isResolved(environment, 'KEG_TAG')).to.equal(false)
    expect(isResolved(environment, 'KEG_REGISTRY')).to.equal(true)
    expect([isAbsent({A: ''}, 'A'), isAbsent({}, 'A'), isAbsent({A: '0'}, 'A')]).to.deep.equal([true, true, false])
  })

  it('count as the user’s once changed', () => {
    const environment: NodeJS.ProcessEnv = {}
    provideDefault(environment, 'KEG_TAG', 'main', 'git')
    environment.KEG_TAG = 'mine'
    expect(isResolved(environment, 'KEG_TAG')).to.equal(false)
    expect(withoutResolved(environment)).to.deep.equal({KEG_TAG: 'mine'})
  })

  it('do not reach child processes, and stay in the environment they were set in', () => {
    const environment: NodeJS.ProcessEnv = {PATH: '/bin', KEG_BRANCH: 'own'}
    provideDefault(environment, 'KEG_TAG', 'main', 'git')
    expect(withoutResolved(environment)).to.deep.equal({PATH: '/bin', KEG_BRANCH: 'own'})
    expect(environment.KEG_TAG).to.equal('main')
    forgetResolved(environment)
    expect(environment).to.deep.equal({PATH: '/bin', KEG_BRANCH: 'own'})
  })

  it('are none if the list is invalid, and no other variable is removed', () => {
    for (const list of ['', '{', 'null', '[]', '1', '"x"', '{"KEG_TAG":1}', '{"KEG_TAG":null}', '{"KEG_TAG":{}}']) {
      expect(isResolved({KEG_TAG: 'main', KEG_RESOLVED: list}, 'KEG_TAG'), list).to.equal(false)
    }
    const list = JSON.stringify({PATH: {value: '/bin', origin: 'x'}})
    expect(withoutResolved({PATH: '/bin', KEG_RESOLVED: list})).to.deep.equal({PATH: '/bin'})
  })

  it('work with the process environment itself', () => {
    const name = `KEG_TEST_${process.pid}`
    try {
      provideDefault(process.env, name, 'x', 'test')
      expect(isResolved(process.env, name)).to.equal(true)
    } finally {
      forgetResolved(process.env)
    }
    expect(process.env).to.not.have.any.keys(name, 'KEG_RESOLVED')
  })
})
