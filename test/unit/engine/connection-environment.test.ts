import {expect} from 'chai'
import {connectionEnvironment, engineEnvironment} from '../../../src/lib/engine/connection-environment.js'

const both = {DOCKER_CONTEXT: 'named', DOCKER_HOST: 'unix:///x', OTHER: 'kept'}

describe('connectionEnvironment', () => {
  const table: [string, Parameters<typeof connectionEnvironment>[1], NodeJS.ProcessEnv][] = [
    ['nothing', {}, both],
    ['empty flags, which are none', {context: '', host: ''}, both],
    ['--host', {host: 'tcp://y'}, {DOCKER_HOST: 'tcp://y', OTHER: 'kept'}],
    ['--context', {context: 'far'}, {DOCKER_CONTEXT: 'far', OTHER: 'kept'}],
    ['--context default', {context: 'default'}, {...both, DOCKER_CONTEXT: 'default'}],
  ]
  for (const [title, flags, expected] of table)
    it(`of ${title} has no engine beside the named one, and leaves the given environment alone`, () => {
      const given = {...both}
      expect(connectionEnvironment(given, flags)).to.deep.equal(expected)
      expect(given).to.deep.equal(both)
    })
})

describe('an empty DOCKER_HOST', () => {
  it('is not passed to what keg starts', () => {
    const given = {DOCKER_CONTEXT: 'named', DOCKER_HOST: ''}
    expect(connectionEnvironment(given, {})).to.deep.equal({DOCKER_CONTEXT: 'named'})
  })
})

describe('engineEnvironment', () => {
  it('names the found engine in one variable', () => {
    const endpoint = {kind: 'socket', path: '/y', origin: 'a test'} as const
    const selections: Record<string, string>[] = [{DOCKER_HOST: 'unix:///y'}, {DOCKER_CONTEXT: 'far'}]
    for (const selection of selections)
      expect(engineEnvironment(both, {...endpoint, selection})).to.deep.equal({...selection, OTHER: 'kept'})
  })
})
