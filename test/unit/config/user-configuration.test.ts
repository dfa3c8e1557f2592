import {expect} from 'chai'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {readUserConfiguration, userConfigurationFile} from '../../../src/lib/config/user-configuration.js'
import {FailedError, UsageError} from '../../../src/lib/error/keg-error.js'
import {thrown} from '../../support/thrown.js'

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

  it('lies in $XDG_CONFIG_HOME when that is absolute, else in ~/.config', () => {
    const usual = join(home, '.config/keg/config.yml')
    expect(userConfigurationFile(environment)).to.equal(usual)
    expect(userConfigurationFile({...environment, XDG_CONFIG_HOME: ''})).to.equal(usual)
    expect(userConfigurationFile({...environment, XDG_CONFIG_HOME: 'relative'})).to.equal(usual)
    expect(userConfigurationFile({...environment, XDG_CONFIG_HOME: '/etc/xdg'})).to.equal('/etc/xdg/keg/config.yml')
  })

  const defaults = {
    registry: undefined,
    defaultTag: 'develop',
    environment: undefined,
    env: new Map(),
    paths: new Map(),
    taps: new Map(),
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
        // As it is written, and not as the number that it could be.
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

  const wrong: [text: string, line: number, column: number, message: RegExp][] = [
    ['registry: localhost:5000\nregistri: x\n', 2, 1, /no setting "registri"/],
    ['__proto__: x\n', 1, 1, /no setting "__proto__"/],
    ['toString: x\n', 1, 1, /no setting "toString"/],
    ['defaultTag: 1.0\n', 1, 13, /defaultTag has to be a text/],
    ['registry:\n', 1, 10, /registry has to be a text/],
    ['registry: [a]\n', 1, 1, /registry has to be a text/],
    ['? [a]\n: b\n', 1, 1, /no setting null/],
    ['- registry\n', 1, 1, /list of settings is expected/],
    ['just text\n', 1, 1, /list of settings is expected/],
    ['registry: https://ghcr.io/acme\n', 1, 11, /registry: .*scheme/],
    ['\ndefaultTag: a/b\n', 2, 13, /defaultTag: /],
    ['defaultTag: a\ndefaultTag: b\n', 2, 1, /unique/i],
    ['registry: "x\n', 2, 1, /quote/],
    ['registry: a\n---\nregistry: b\n', 2, 1, /document/],
    ['version: "1"\n', 1, 10, /version has to be a whole number/],
    ['version: 0\n', 1, 10, /version has to be a whole number/],
    ['environment: a/b\n', 1, 14, /environment: it is no name/],
    ['env: x\n', 1, 6, /env has to be a list/],
    ['env:\n  PATH: /bin\n', 2, 3, /"PATH" is no value of keg's/],
    ['env:\n  KEG_DATA_DIR: /x\n', 2, 3, /KEG_DATA_DIR is read before/],
    ['env:\n  KEG_NPM_REGISTRY: x\n', 2, 3, /KEG_NPM_REGISTRY is read before/],
    ['env:\n  KEG_RESOLVED: x\n', 2, 3, /KEG_RESOLVED is read before/],
    ['env:\n  KEG_REGISTRY: x\n', 2, 3, /KEG_REGISTRY has a setting of its own/],
    ['env:\n  KEG_PROXY_PORT: http\n', 2, 19, /env\.KEG_PROXY_PORT: it is no port/],
    ['env:\n  KEG_AUTO_SYNC: perhaps\n', 2, 18, /env\.KEG_AUTO_SYNC: it is neither yes nor no/],
    ['env:\n  KEG_EXEC_CMD: [a]\n', 2, 3, /env\.KEG_EXEC_CMD has to be a text/],
    ['env:\n  KEG_EXEC_CMD:\n', 2, 16, /env\.KEG_EXEC_CMD has to be a text/],
    ['paths:\n  core: work/core\n', 2, 9, /paths\.core: it is no absolute path/],
    ['paths:\n  a/b: /x\n', 2, 3, /"a\/b" is no name/],
    ['taps:\n  a/b: {path: /x}\n', 2, 3, /"a\/b" cannot be the name of a tap/],
    ['taps:\n  shop: /x\n', 2, 9, /taps\.shop has to be a list/],
    ['taps:\n  shop: {}\n', 2, 3, /taps\.shop has no path/],
    ['taps:\n  shop: {path: /x, tasks: y}\n', 2, 20, /no setting "tasks" in taps\.shop/],
    ['taps:\n  shop: {path: x}\n', 2, 16, /taps\.shop\.path: it is no absolute path/],
  ]
  for (const [text, line, column, message] of wrong) {
    it(`is wrong use with ${JSON.stringify(text)}, at ${line}:${column}`, async () => {
      const file = write(text)
      const error = await readUserConfiguration(environment).catch((problem: unknown) => problem)
      if (!(error instanceof UsageError)) throw new Error('no UsageError', {cause: error})
      expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
      expect(error.data).to.deep.equal({file, line, column})
      expect(error.message)
        .to.match(message)
        .and.to.satisfy((said: string) => said.startsWith(`${file}:${line}:${column}: `))
      expect(error.hint).to.be.a('string').and.not.be.empty
    })
  }

  it('suggests the setting that may have been meant', async () => {
    write('defaulttag: x\n')
    expect(await thrown(readUserConfiguration(environment)))
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
      const error = await readUserConfiguration(environment).catch((problem: unknown) => problem)
      return error instanceof UsageError ? `${error.message}\n${error.hint ?? ''}` : 'nothing'
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
