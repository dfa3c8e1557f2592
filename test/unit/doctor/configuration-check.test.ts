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

  it('is content without one', async () => {
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

  it('says that others may open it, and what ends that', async () => {
    const file = write('defaultTag: main\n', 0o644)
    const finding = await checkConfiguration(environment)
    expect(finding).to.include({status: 'notice', remedy: `chmod 600 ${file}`})
    expect(finding.data?.mode).to.equal('0644')
  })

  it('throws what is wrong in it, with its place', async () => {
    const file = write('regsitry: ghcr.io\n', 0o600)
    expect((await thrown(checkConfiguration(environment))).message).to.include(`${file}:1:1`)
  })

  it('throws what is wrong in what is set for a linked tap', async () => {
    write('taps: {shop: {path: /srv/shop}}\n', 0o600)
    const file = overrideFile('shop', environment)
    mkdirSync(dirname(file))
    writeFileSync(file, 'env: {KEG_USE_PROXY: maybe}\n')
    expect((await thrown(checkConfiguration(environment))).message).to.include(`${file}:1:22`)
  })

  it('throws that a newer keg wrote it', async () => {
    write('version: 9\n', 0o600)
    expect(await thrown(checkConfiguration(environment))).to.include({code: 'configuration-newer'})
  })
})
