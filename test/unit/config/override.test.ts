import {expect} from 'chai'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {changeOverride, overrideFile, readOverride} from '../../../src/lib/config/override.js'
import {thrown} from '../../support/thrown.js'

describe('the user’s override file of a tap', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  let file: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-override-'))
    environment = {XDG_CONFIG_HOME: home}
    file = overrideFile('shop', environment)
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const write = (text: string): void => {
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, text)
  }

  it('is in a folder beside the configuration, and sets nothing if it is missing', async () => {
    expect(file).to.equal(join(home, 'keg/taps/shop.yml'))
    expect(await readOverride('shop', environment)).to.deep.equal({file, env: new Map(), invalid: new Map()})
    write('# nothing yet\n')
    expect(await readOverride('shop', environment)).to.deep.equal({file, env: new Map(), invalid: new Map()})
  })

  it('has values with their lines', async () => {
    write('# mine\nenv:\n  KEG_PROXY_PORT: 8080\n  KEG_REGISTRY: ghcr.io/ada\n')
    const {env} = await readOverride('shop', environment)
    expect(env).to.deep.equal(
      new Map([
        ['KEG_PROXY_PORT', {text: '8080', line: 3}],
        ['KEG_REGISTRY', {text: 'ghcr.io/ada', line: 4}],
      ]),
    )
  })

  for (const [name, text, place, message] of [
    ['environment', 'environment: {}\n', '1:1', /no setting "environment"/],
    ['evn', 'evn: {}\n', '1:1', /no setting "evn"/],
    ['env.NODE_ENV', 'env:\n  NODE_ENV: x\n', '2:3', /not a value of keg/],
    ['env.KEG_USE_PROXY', 'env:\n  KEG_USE_PROXY: maybe\n', '2:18', /neither yes nor no/],
    ['env.KEG_USE_PROXY', 'env:\n  KEG_USE_PROXY: [a]\n', '2:3', /must be a string/],
    ['env', 'env: x\n', '1:6', /must be a list/],
  ] as const)
    it(`lists ${name} as not valid with ${JSON.stringify(text)}, at ${place}`, async () => {
      write(text)
      const {invalid} = await readOverride('shop', environment)
      expect([...invalid.keys()]).to.deep.equal([name])
      const error = invalid.get(name)?.error
      expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
      expect(error?.message)
        .to.match(message)
        .and.satisfy((said: string) => said.startsWith(`${file}:${place}: `))
    })

  it('is a usage error if it is not YAML', async () => {
    write('env: [\n')
    const error = await thrown(readOverride('shop', environment))
    expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
    expect(error.message).to.satisfy((said: string) => said.startsWith(`${file}:2:1: `))
  })

  it('is changed like the configuration', async () => {
    const signal = new AbortController().signal
    environment.XDG_STATE_HOME = join(home, 'state')
    await changeOverride({environment, signal}, 'shop', {}, (document) =>
      document.setIn(['env', 'KEG_EXEC_CMD'], 'start'),
    )
    expect(readFileSync(file, 'utf8')).to.equal('env:\n  KEG_EXEC_CMD: start\n')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
  })
})
