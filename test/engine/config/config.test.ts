import {expect} from 'chai'
import {chmod, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {keg as runKeg, type KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'

const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const [user = '', password = ''] = (process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg').split(':')

describe('keg config @containerd', function () {
  this.timeout(120_000)

  let home: string
  let file: string
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-config-')))
    file = join(home, '.config/keg/config.yml')
  })
  after(() => rm(home, {force: true, recursive: true}))

  const environment = (): Record<string, string> => ({
    HOME: home,
    KEG_DATA_DIR: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_STATE_HOME: join(home, 'state'),
  })
  const keg = async (...words: string[]): Promise<KegResult> => runKeg(['config', ...words], {env: environment()})

  it('sets, gets and unsets; the result alone is on standard output', async () => {
    expect((await keg('path')).stdout).to.equal(`${file}\n`)
    const unset = await keg('get', 'registry')
    expect([unset.code, unset.stdout]).to.deep.equal([1, ''])
    expect(unset.stderr).to.include('registry is not set.')

    await runAdvice(unset, 'keg config set', {env: environment(), fill: {VALUE: 'ghcr.io/acme'}})
    expect(await readFile(file, 'utf8')).to.equal('version: 1\nregistry: ghcr.io/acme\n')
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    expect((await keg('get', 'registry')).stdout).to.equal('ghcr.io/acme\n')
    expect((await keg('unset', 'registry', '--json')).json()).to.deep.equal({
      name: 'registry',
      value: null,
      previous: 'ghcr.io/acme',
      wasInvalid: false,
    })
  })

  it('refuses an invalid name or value with exit code 2 and a hint', async () => {
    const {code, stderr} = await keg('set', 'KEG_PROXY_HOST', 'acme.dev')
    expect([code, stderr]).to.satisfy(
      ([exit, said]: [number, string]) => exit === 2 && said.includes('env.KEG_PROXY_HOST'),
    )
    const refused = await keg('set', 'env.KEG_PROXY_PORT', 'http', '--json')
    expect(refused.json()).to.have.property('error').that.includes({code: 'setting-invalid', exitCode: 2})
  })

  it('reports what is invalid in the file, and removes it with the suggested command', async () => {
    const before = await readFile(file, 'utf8')
    await writeFile(file, `${before}environment: [1]\n"it's mine": 1\n-x: 1\ntaps:\n  "my shop": 5\n`)
    const names = ["keg config unset 'it'", 'keg config unset environment', 'keg config unset -- -x', 'keg tap unlink']
    for (const name of names) {
      const listed = await keg('list')
      expect(listed.stderr + listed.stdout).to.include(name)
      await runAdvice(listed, name, {env: environment(), add: name === 'keg tap unlink' ? ['--yes'] : []})
    }
    expect((await keg('list', '--json')).json()).to.deep.equal([])
  })

  it('is completed and made private by the commands that keg doctor suggests', async () => {
    await chmod(file, 0o644)
    const checked = await runKeg(['doctor'], {env: environment()})
    await runAdvice(checked, 'chmod 600', {env: environment()})
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    const fill = {'HOST[:PORT][/NAMESPACE]': 'ghcr.io/acme'}
    await runAdvice(checked, 'keg config set registry', {env: environment(), fill})
    expect((await keg('get', 'registry')).stdout).to.equal('ghcr.io/acme\n')
    await keg('unset', 'registry')
  })

  it("leads to an older keg's configuration, and to a tap, with the commands it suggests", async () => {
    const old = join(home, 'old config.json')
    await writeFile(old, JSON.stringify({docker: {providerUrl: 'ghcr.io'}}))
    const nothing = await keg('import', '--json')
    expect(nothing.code).not.to.equal(0)
    await runAdvice(nothing, 'keg config import', {env: environment(), fill: {FILE: old}, add: ['--dry-run']})
  })

  it('imports an old configuration with its linked taps', async () => {
    const shop = join(home, 'my shop')
    await mkdir(join(shop, 'container'), {recursive: true})
    await writeFile(join(shop, 'container/Dockerfile'), 'FROM scratch\n')
    await mkdir(join(home, '.kegConfig'))
    await writeFile(
      join(home, '.kegConfig/cli.config.json'),
      JSON.stringify({
        docker: {providerUrl: 'ghcr.io', token: 's3cret'},
        cli: {taps: {shop: {path: shop}, gone: {path: join(home, 'gone')}}},
      }),
    )
    const dry = await keg('import', '--dry-run')
    expect(dry.stdout).to.include('Would import').and.include('docker.token: keg stores no credentials')
    const docker = join(home, 'docker')
    await runAdvice(dry, 'docker login', {
      env: {...environment(), DOCKER_CONFIG: docker},
      fill: {HOST: privateRegistry},
      add: ['--username', user, '--password', password],
    })
    expect(await readFile(join(docker, 'config.json'), 'utf8')).to.include(privateRegistry)
    const {code, stderr, stdout} = await keg('import')
    expect(code).to.equal(0)
    expect(stdout + stderr)
      .to.include(`taps.shop is ${shop}`)
      .and.not.include('s3cret')
    expect((await keg('list', '--json')).json()).to.deep.equal([
      {name: 'registry', value: 'ghcr.io', trouble: null},
      {name: 'taps.shop', value: shop, trouble: null},
    ])
    const added = await runAdvice(stdout + stderr, 'keg tap link', {
      env: environment(),
      fill: {PATH: shop, NAME: 'again'},
    })
    expect(added.stdout).to.include('again')
    // The tap is a command now.
    const help = await runKeg(['shop', '--help'], {
      env: {HOME: home, KEG_DATA_DIR: join(home, 'data'), XDG_CONFIG_HOME: join(home, '.config')},
    })
    expect(help.stdout).to.include(`Tap in ${shop}`)
  })
})
