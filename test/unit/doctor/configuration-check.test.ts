import {expect} from 'chai'
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {overrideFile} from '../../../src/lib/config/override.js'
import {userConfigurationFile} from '../../../src/lib/config/user-configuration.js'
import {checkConfiguration} from '../../../src/lib/doctor/configuration-check.js'
import {thrown} from '../../support/thrown.js'

describe('the check of the user configuration', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-test-configuration-'))
    environment = {HOME: home}
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const write = (text: string, mode: number): string => {
    const file = userConfigurationFile(environment)
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  it('is ok without one', async () => {
    const finding = await checkConfiguration(environment)
    expect(finding.status).to.equal('ok')
    expect(finding.detail).to.include(userConfigurationFile(environment))
    expect(finding.data).to.include({mode: null, registry: null, defaultTag: 'develop'})
  })

  it('shows what is set', async () => {
    write('registry: ghcr.io/acme\ntaps: {shop: {path: /srv/shop}}\n', 0o600)
    const finding = await checkConfiguration(environment)
    expect(finding.status).to.equal('ok')
    expect(finding.detail).to.include('registry ghcr.io/acme').and.include('develop').and.include('1 linked tap')
    expect(finding.data).to.deep.include({registry: 'ghcr.io/acme', defaultTag: 'develop', taps: ['shop']})
  })

  it('warns that others can read it, and says how to fix that', async () => {
    const file = write('defaultTag: main\n', 0o644)
    const finding = await checkConfiguration(environment)
    expect(finding).to.include({status: 'notice', remedy: `chmod 600 ${file}`})
    expect(finding.data?.mode).to.equal('0644')
  })

  it('finds invalid settings, with their place and fix', async () => {
    const file = write('regsitry: ghcr.io\ndefaultTag: main\n', 0o600)
    const finding = await checkConfiguration(environment)
    expect(finding).to.include({status: 'problem'})
    expect(finding.detail).to.include(`${file}:1:1: `)
    expect(finding.remedy).to.include('Did you mean registry?').and.include('keg config unset regsitry')
    expect(finding.data).to.deep.include({error: 'configuration-invalid', invalid: [{file, line: 1, column: 1}]})
  })

  it('finds invalid settings of a linked tap, one line each', async () => {
    const common = write('taps: {shop: {path: /srv/shop}, till: 1}\n', 0o600)
    const file = overrideFile('shop', environment)
    mkdirSync(dirname(file))
    writeFileSync(file, 'env: {KEG_USE_PROXY: maybe, NODE_ENV: x}\n')
    const finding = await checkConfiguration(environment)
    expect(finding).to.include({status: 'problem', detail: '3 entries of the configuration are not valid'})
    expect(finding.notes?.map((note) => note.replace(/: .*/s, '')).sort()).to.deep.equal(
      [`${common}:1:39`, `${file}:1:22`, `${file}:1:29`].sort(),
    )
  })

  it('throws if it is not YAML, with the place', async () => {
    const file = write('registry: [\n', 0o600)
    expect((await thrown(checkConfiguration(environment))).message).to.include(`${file}:2:1`)
  })

  it('throws if a newer keg wrote it', async () => {
    write('version: 9\n', 0o600)
    expect(await thrown(checkConfiguration(environment))).to.include({code: 'configuration-newer'})
  })
})
