import {expect} from 'chai'
import {environmentNameOf} from '../../../src/lib/values/environment-name.js'
import {provideDefault} from '../../../src/lib/process/resolved.js'

describe('environmentNameOf', () => {
  const home = {HOME: '/home/ada'}
  const both = {...home, KEG_ENV: 'staging', KEG_DEFAULT_ENV: 'ci'}

  it('is the flag, KEG_ENV, KEG_DEFAULT_ENV, the setting, or local', () => {
    const of = (...asked: Parameters<typeof environmentNameOf>) => environmentNameOf(...asked)
    const setting = {environment: 'qa'}
    expect(of('production', both, setting)).to.deep.equal({
      name: 'production',
      origin: {kind: 'flag', place: '--environment'},
    })
    expect(of(undefined, both, setting)).to.deep.equal({
      name: 'staging',
      origin: {kind: 'environment', place: 'KEG_ENV'},
    })
    expect(of(undefined, {...both, KEG_ENV: ''}, setting)).to.deep.equal({
      name: 'ci',
      origin: {kind: 'environment', place: 'KEG_DEFAULT_ENV'},
    })
    expect(of(undefined, home, setting)).to.deep.equal({
      name: 'qa',
      origin: {kind: 'configuration', place: '/home/ada/.config/keg/config.yml'},
    })
    expect(of(undefined, home, {environment: undefined})).to.deep.equal({
      name: 'local',
      origin: {kind: 'default', place: 'keg'},
    })
  })

  it('ignores what another keg set', () => {
    const environment: NodeJS.ProcessEnv = {...home}
    provideDefault(environment, 'KEG_ENV', 'staging', 'another keg')
    expect(environmentNameOf(undefined, environment, {environment: undefined}).name).to.equal('local')
  })

  for (const name of ['', '../../etc/passwd', 'a/b', '.hidden', 'a b', 'a\nb', 'x'.repeat(65)])
    it(`refuses ${JSON.stringify(name.slice(0, 20))}, which cannot be part of a file's name`, () => {
      expect(() => environmentNameOf(name, home, {environment: undefined}))
        .to.throw(/is not the name of an environment/)
        .that.includes({code: 'environment-invalid', exitCode: 2})
    })
})
