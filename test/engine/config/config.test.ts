import {expect} from 'chai'
import {mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {keg as runKeg, type KegResult} from '../../support/keg.js'

describe('keg config', function () {
  this.timeout(60_000)

  let home: string
  let file: string
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-config-')))
    file = join(home, '.config/keg/config.yml')
  })
  after(() => rm(home, {force: true, recursive: true}))

  const keg = async (...words: string[]): Promise<KegResult> =>
    runKeg(['config', ...words], {
      env: {
        HOME: home,
        KEG_DATA_DIR: join(home, 'data'),
        XDG_CONFIG_HOME: join(home, '.config'),
        XDG_STATE_HOME: join(home, 'state'),
      },
    })

  it('sets, gets and unsets; the result alone is on standard output', async () => {
    expect((await keg('path')).stdout).to.equal(`${file}\n`)
    const unset = await keg('get', 'registry')
    expect([unset.code, unset.stdout]).to.deep.equal([1, ''])
    expect(unset.stderr).to.include('registry is not set.')

    expect((await keg('set', 'registry', 'ghcr.io/acme')).code).to.equal(0)
    expect(await readFile(file, 'utf8')).to.equal('version: 1\nregistry: ghcr.io/acme\n')
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    expect((await keg('get', 'registry')).stdout).to.equal('ghcr.io/acme\n')
    expect((await keg('unset', 'registry', '--json')).json()).to.deep.equal({
      name: 'registry',
      value: null,
      previous: 'ghcr.io/acme',
    })
  })

  it('refuses what is none with exit code 2, and a hint', async () => {
    const {code, stderr} = await keg('set', 'KEG_PROXY_HOST', 'acme.dev')
    expect([code, stderr]).to.satisfy(
      ([exit, said]: [number, string]) => exit === 2 && said.includes('env.KEG_PROXY_HOST'),
    )
    const refused = await keg('set', 'env.KEG_PROXY_PORT', 'http', '--json')
    expect(refused.json()).to.have.property('error').that.includes({code: 'setting-invalid', exitCode: 2})
  })

  it('imports an old configuration, links of taps and all', async () => {
    const shop = join(home, 'my shop')
    await mkdir(join(shop, 'container'), {recursive: true})
    await writeFile(join(shop, 'container/Dockerfile'), 'FROM scratch\n')
    await mkdir(join(home, '.kegConfig'))
    await writeFile(
      join(home, '.kegConfig/cli.config.json'),
      JSON.stringify({docker: {providerUrl: 'ghcr.io', token: 's3cret'}, cli: {taps: {shop: {path: shop}}}}),
    )
    const dry = await keg('import', '--dry-run')
    expect(dry.stdout).to.include('Would take').and.include('docker.token: keg keeps no credentials')
    const {code, stderr, stdout} = await keg('import')
    expect(code).to.equal(0)
    expect(stdout + stderr)
      .to.include(`taps.shop is ${shop}`)
      .and.not.include('s3cret')
    expect((await keg('list', '--json')).json()).to.deep.equal([
      {name: 'registry', value: 'ghcr.io'},
      {name: 'taps.shop', value: shop},
    ])
    // The tap is a command of its own now.
    const help = await runKeg(['shop', '--help'], {
      env: {HOME: home, KEG_DATA_DIR: join(home, 'data'), XDG_CONFIG_HOME: join(home, '.config')},
    })
    expect(help.stdout).to.include(`Tap in ${shop}`)
  })
})
