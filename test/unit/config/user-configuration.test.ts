import {expect} from 'chai'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {readUserConfiguration, userConfigurationFile} from '../../../src/lib/config/user-configuration.js'
import {FailedError, UsageError} from '../../../src/lib/error/keg-error.js'
import {thrown} from '../../support/thrown.js'
import {refuseInvalid, type UserConfiguration} from '../../../src/lib/config/model.js'

describe('user configuration', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  const write = (text: string | Uint8Array) => {
    const file = userConfigurationFile(environment)
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, text)
    return file
  }

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-config-'))
    environment = {HOME: home}
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  it('is in $XDG_CONFIG_HOME if that is absolute, else in ~/.config', () => {
    const usual = join(home, '.config/keg/config.yml')
    expect(userConfigurationFile(environment)).to.equal(usual)
    expect(userConfigurationFile({...environment, XDG_CONFIG_HOME: ''})).to.equal(usual)
    expect(userConfigurationFile({...environment, XDG_CONFIG_HOME: 'relative'})).to.equal(usual)
    expect(userConfigurationFile({...environment, XDG_CONFIG_HOME: '/etc/xdg'})).to.equal('/etc/xdg/keg/config.yml')
  })

  const defaults = {
    registry: undefined,
    defaultTag: 'develop',
    protectedTags: ['develop', 'main', 'master', 'latest'],
    environment: undefined,
    env: new Map(),
    paths: new Map(),
    taps: new Map(),
    invalid: new Map(),
  }

  it('is the defaults without a file', async () => {
    expect(await readUserConfiguration(environment)).to.deep.equal(defaults)
    writeFileSync(join(home, '.config'), 'a file where the folder would be')
    expect(await readUserConfiguration(environment)).to.deep.equal(defaults)
  })

  for (const text of [
    '',
    '\n',
    '# nothing yet\n',
    '---\n',
    '{}',
    '\ufeff',
    'version: 1\n',
    'env:\npaths: {}\ntaps: # none\n',
  ]) {
    it(`is the defaults in a file with ${JSON.stringify(text)}`, async () => {
      write(text)
      expect(await readUserConfiguration(environment)).to.deep.equal(defaults)
    })
  }

  it('has the registry and the default tag', async () => {
    write('# mine\r\nregistry: "ghcr.io/acme"\r\ndefaultTag: latest\r\n')
    expect(await readUserConfiguration(environment)).to.deep.equal({
      ...defaults,
      registry: 'ghcr.io/acme',
      defaultTag: 'latest',
    })
  })

  it('has the protected tags, or none', async () => {
    for (const [text, protectedTags] of [
      ['protectedTags: [trunk, stable]\n', ['trunk', 'stable']],
      ['protectedTags:\n  - v1\n', ['v1']],
      ['protectedTags: []\n', []],
    ] as const) {
      write(text)
      expect(await readUserConfiguration(environment)).to.deep.equal({...defaults, protectedTags})
    }
  })

  it('has the environment, values with their lines, folders and taps', async () => {
    write(
      [
        'environment: qa',
        'env:',
        '  KEG_USE_PROXY: no',
        '  KEG_PROXY_PORT: 8080',
        '  DOC_VERSION: 1.10',
        '  KEG_EXEC_CMD: "{{ envs.SCRIPT }}"',
        'paths: {core: ~/work/core, keg-ui: /srv/ui/}',
        'taps:',
        '  shop:',
        '    path: /srv/a b/shop',
      ].join('\n'),
    )
    expect(await readUserConfiguration(environment)).to.deep.equal({
      ...defaults,
      environment: 'qa',
      env: new Map([
        ['KEG_USE_PROXY', {text: 'no', line: 3}],
        ['KEG_PROXY_PORT', {text: '8080', line: 4}],
        // As written, not as the number that it could be.
        ['DOC_VERSION', {text: '1.10', line: 5}],
        ['KEG_EXEC_CMD', {text: '{{ envs.SCRIPT }}', line: 6}],
      ]),
      paths: new Map([
        ['core', join(home, 'work/core')],
        ['keg-ui', '/srv/ui'],
      ]),
      taps: new Map([['shop', {path: '/srv/a b/shop'}]]),
    })
  })

  const broken: [text: string, line: number, column: number, message: RegExp][] = [
    ['- registry\n', 1, 1, /list of settings is expected/],
    ['just text\n', 1, 1, /list of settings is expected/],
    ['defaultTag: a\ndefaultTag: b\n', 2, 1, /unique/i],
    ['registry: "x\n', 2, 1, /quote/],
    ['registry: a\n---\nregistry: b\n', 2, 1, /document/],
  ]
  for (const [text, line, column, message] of broken) {
    it(`is a usage error with ${JSON.stringify(text)}, at ${line}:${column}`, async () => {
      const file = write(text)
      checkError(await thrown(readUserConfiguration(environment)), {file, line, column}, message)
    })
  }

  const wrong: [name: string, text: string, line: number, column: number, message: RegExp][] = [
    ['registri', 'registry: localhost:5000\nregistri: x\n', 2, 1, /no setting "registri"/],
    ['__proto__', '__proto__: x\n', 1, 1, /no setting "__proto__"/],
    ['toString', 'toString: x\n', 1, 1, /no setting "toString"/],
    ['defaultTag', 'defaultTag: 1.0\n', 1, 13, /defaultTag must be a string/],
    ['registry', 'registry:\n', 1, 10, /registry must be a string/],
    ['registry', 'registry: [a]\n', 1, 1, /registry must be a string/],
    ['protectedTags', 'protectedTags: main\n', 1, 16, /protectedTags must be a list of strings/],
    ['protectedTags', 'protectedTags: [1.0]\n', 1, 16, /protectedTags must be a list of strings/],
    ['protectedTags', 'protectedTags: [a, b/c]\n', 1, 1, /protectedTags: /],
    ['null', '? [a]\n: b\n', 1, 1, /no setting null/],
    ['registry', 'registry: https://ghcr.io/acme\n', 1, 11, /registry: .*scheme/],
    ['defaultTag', '\ndefaultTag: a/b\n', 2, 13, /defaultTag: /],
    ['version', 'version: "1"\n', 1, 10, /version must be a whole number/],
    ['version', 'version: 0\n', 1, 10, /version must be a whole number/],
    ['environment', 'environment: a/b\n', 1, 14, /environment: it is not the name/],
    ['env', 'env: x\n', 1, 6, /env must be a list/],
    ['env.PATH', 'env:\n  PATH: /bin\n', 2, 3, /"PATH" is not a value of keg/],
    ['env.KEG_DATA_DIR', 'env:\n  KEG_DATA_DIR: /x\n', 2, 3, /KEG_DATA_DIR is read before/],
    ['env.KEG_NPM_REGISTRY', 'env:\n  KEG_NPM_REGISTRY: x\n', 2, 3, /KEG_NPM_REGISTRY is read before/],
    ['env.KEG_RESOLVED', 'env:\n  KEG_RESOLVED: x\n', 2, 3, /KEG_RESOLVED is read before/],
    ['env.KEG_REGISTRY', 'env:\n  KEG_REGISTRY: x\n', 2, 3, /KEG_REGISTRY has its own setting/],
    ['env.KEG_PROXY_PORT', 'env:\n  KEG_PROXY_PORT: http\n', 2, 19, /env\.KEG_PROXY_PORT: it is not a port/],
    ['env.KEG_AUTO_SYNC', 'env:\n  KEG_AUTO_SYNC: perhaps\n', 2, 18, /env\.KEG_AUTO_SYNC: it is neither yes nor no/],
    ['env.KEG_EXEC_CMD', 'env:\n  KEG_EXEC_CMD: [a]\n', 2, 3, /env\.KEG_EXEC_CMD must be a string/],
    ['env.KEG_EXEC_CMD', 'env:\n  KEG_EXEC_CMD:\n', 2, 16, /env\.KEG_EXEC_CMD must be a string/],
    ['paths.core', 'paths:\n  core: work/core\n', 2, 9, /paths\.core: it is not an absolute path/],
    ['paths.a/b', 'paths:\n  a/b: /x\n', 2, 3, /"a\/b" is not a valid name/],
    ['taps.a/b', 'taps:\n  a/b: {path: /x}\n', 2, 3, /"a\/b" cannot be the name of a tap/],
    ['taps.shop', 'taps:\n  shop: /x\n', 2, 9, /taps\.shop must be a list/],
    ['taps.shop', 'taps:\n  shop: {}\n', 2, 3, /taps\.shop has no path/],
    ['taps.shop.tasks', 'taps:\n  shop: {path: /x, tasks: y}\n', 2, 20, /no setting "tasks" in taps\.shop/],
    ['taps.shop', 'taps:\n  shop: {path: x}\n', 2, 16, /taps\.shop\.path: it is not an absolute path/],
  ]
  for (const [name, text, line, column, message] of wrong) {
    it(`lists ${name} as not valid, at ${line}:${column}, with ${JSON.stringify(text)}`, async () => {
      const file = write(text)
      const {invalid} = await readUserConfiguration(environment)
      expect([...invalid.keys()]).to.deep.equal([name])
      checkError(invalid.get(name)?.error, {file, line, column}, message)
    })
  }

  function checkError(error: unknown, place: {file: string; line: number; column: number}, message: RegExp): void {
    if (!(error instanceof UsageError)) throw new Error('no UsageError', {cause: error})
    expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
    expect(error.data).to.deep.equal(place)
    expect(error.message)
      .to.match(message)
      .and.to.satisfy((said: string) => said.startsWith(`${place.file}:${place.line}:${place.column}: `))
    expect(error.hint).to.be.a('string').and.not.be.empty
  }

  it('is used except for invalid settings, which throw only when they are read', async () => {
    write(
      [
        'registry: https://ghcr.io/acme',
        'defaultTag: trunk',
        'protectedTags: main',
        'environment: a/b',
        'env: {KEG_PROXY_PORT: http, KEG_PROXY_HOST: acme.dev, PATH: x}',
        'paths: {core: work/core, ui: /srv/ui}',
        'taps: {shop: {path: /srv/shop}, till: /srv/till, Till: {path: /x}, bar: {path: /srv/bar, tasks: x}}',
        'colour: red',
      ].join('\n'),
    )
    const configuration = await readUserConfiguration(environment)
    const {defaultTag, env, invalid, paths, taps} = configuration
    expect(defaultTag).to.equal('trunk')
    expect([...env].map(([name, {problem, text}]) => [name, text, problem?.code])).to.deep.equal([
      ['KEG_PROXY_PORT', '', 'configuration-invalid'],
      ['KEG_PROXY_HOST', 'acme.dev', undefined],
    ])
    expect([...paths]).to.deep.equal([['ui', '/srv/ui']])
    expect([...taps.keys()]).to.deep.equal(['shop', 'bar'])
    expect([...invalid.keys()].sort()).to.deep.equal(
      ['registry', 'protectedTags', 'environment', 'env.KEG_PROXY_PORT', 'env.PATH', 'paths.core', 'colour']
        .concat(['taps.till', 'taps.Till', 'taps.bar.tasks'])
        .sort(),
    )
    for (const name of ['registry', 'protectedTags', 'environment'] as const)
      expect(() => configuration[name], name).to.throw(UsageError, name)
    expect(() => refuseInvalid(configuration, 'paths.core')).to.throw(UsageError, 'paths.core')
    expect(() => refuseInvalid(configuration, 'taps.shop')).to.not.throw()
    const hints = ['paths.core', 'taps.till'].map((name) => invalid.get(name)?.error.hint)
    expect(hints[0]).to.match(/Or remove it with: keg config unset paths\.core$/)
    expect(hints[1]).to.match(/or remove it with: keg tap unlink till$/)
    write('env: x\npaths: 1\ntaps: [a]\n')
    const lists = await readUserConfiguration(environment)
    expect([...lists.invalid.keys()].sort()).to.deep.equal(['env', 'paths', 'taps'])
    expect(() => lists.env).to.throw(UsageError)
    expect(() => refuseInvalid(lists, 'taps.shop')).to.throw(UsageError)
  })

  it('suggests the setting that may have been meant', async () => {
    write('defaulttag: x\n')
    expect((await readUserConfiguration(environment)).invalid.get('defaulttag')?.error)
      .to.have.property('hint')
      .that.match(/^Did you mean defaultTag\?/)
  })

  it('of a newer keg is not read, whatever else it has', async () => {
    const file = write('version: 2\nnews: [1, 2]\n')
    const error = await thrown(readUserConfiguration(environment))
    expect(error).to.be.instanceOf(FailedError).and.include({code: 'configuration-newer', exitCode: 1})
    expect(error).to.have.property('data').that.deep.equals({file, version: 2})
    expect(error)
      .to.have.property('hint')
      .that.matches(/Update keg/)
  })

  it('shows neither control characters nor credentials of the file', async () => {
    const said = async (text: string): Promise<string> => {
      write(text)
      const read = await readUserConfiguration(environment).catch((problem: unknown) => problem)
      const errors =
        read instanceof UsageError ? [read] : [...(read as UserConfiguration).invalid.values()].map(({error}) => error)
      return errors.map(({hint, message}) => `${message}\n${hint ?? ''}`).join('\n')
    }
    expect(await said('"a\\e[31mb": x\n'))
      .to.match(/no setting/)
      .and.not.include('\u001b')
    expect(await said('registry: ada:secret@ghcr.io/acme\n'))
      .to.match(/registry/)
      .and.not.include('secret')
    expect(await said('env:\n  KEG_PROXY_PORT: s3cret\n')).to.not.include('s3cret')
    expect(await said('registry: "ghcr.io/acme\npassword: secret\n'))
      .to.match(/quote/)
      .and.not.include('secret')
  })

  it('that cannot be read is a failure, not a missing file', async () => {
    mkdirSync(userConfigurationFile(environment), {recursive: true})
    const error = await readUserConfiguration(environment).catch((problem: unknown) => problem)
    expect(error).to.be.instanceOf(FailedError)
    expect(error).to.include({code: 'configuration-unreadable'})
  })
})
