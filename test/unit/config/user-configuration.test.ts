import {expect} from 'chai'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {readUserConfiguration, userConfigurationFile} from '../../../src/lib/config/user-configuration.js'
import {FailedError, UsageError} from '../../../src/lib/error/keg-error.js'

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

  it('is the defaults without a file', async () => {
    expect(await readUserConfiguration(environment)).to.deep.equal({registry: undefined, defaultTag: 'develop'})
    writeFileSync(join(home, '.config'), 'a file where the folder would be')
    expect(await readUserConfiguration(environment)).to.deep.equal({registry: undefined, defaultTag: 'develop'})
  })

  for (const text of ['', '\n', '# nothing yet\n', '---\n', '{}', '\ufeff']) {
    it(`is the defaults in a file with ${JSON.stringify(text)}`, async () => {
      write(text)
      expect(await readUserConfiguration(environment)).to.deep.equal({registry: undefined, defaultTag: 'develop'})
    })
  }

  it('has the registry and the default tag', async () => {
    write('# mine\r\nregistry: "ghcr.io/acme"\r\ndefaultTag: latest\r\n')
    expect(await readUserConfiguration(environment)).to.deep.equal({registry: 'ghcr.io/acme', defaultTag: 'latest'})
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
